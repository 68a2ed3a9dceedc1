namespace Fovea.Models.Heads;

/// <summary>What a graph does with the logits before it outputs them.</summary>
internal enum FinalActivation
{
    /// <summary>Nothing: the outputs are logits, or features.</summary>
    None,

    /// <summary>The outputs add up to 1.</summary>
    Softmax,

    /// <summary>The outputs are the logarithms of a softmax.</summary>
    LogSoftmax,

    /// <summary>Each output is between 0 and 1 by itself.</summary>
    Sigmoid,
}
