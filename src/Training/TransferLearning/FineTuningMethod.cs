namespace Fovea.Training.TransferLearning;

/// <summary>The weights that fine-tuning trains. The command line uses these names in lower case.</summary>
internal enum FineTuningMethod
{
    /// <summary>Only a new last layer, on features that are computed once.</summary>
    Head,

    /// <summary>The last quarter of the layers, starting with the best head.</summary>
    Partial,

    /// <summary>All layers, starting with the best head.</summary>
    Full,

    /// <summary>The head, unless partial or full is measured to do better within the time that is given.</summary>
    Auto,
}
