namespace Fovea.Training;

/// <summary>How a network is taught new classes.</summary>
internal enum FineTuneMethod
{
    /// <summary>Its head is replaced; the rest stays as it is.</summary>
    Head,

    /// <summary>Its head is replaced, and everything learns.</summary>
    Full,
}
