namespace Fovea.Models.Heads;

/// <summary>The activation that a graph applies to its logits before it outputs them.</summary>
internal enum FinalActivation
{
    /// <summary>No activation: the outputs are logits or features.</summary>
    None,

    /// <summary>Softmax: the outputs are probabilities that add up to 1.</summary>
    Softmax,

    /// <summary>The outputs are the logarithms of a softmax.</summary>
    LogSoftmax,

    /// <summary>Sigmoid: each output is the probability of one label, independent of the other outputs.</summary>
    Sigmoid,
}
