namespace Fovea.Models.Graphs;

/// <summary>What turns a network's outputs into probabilities, the property <c>fovea.activation</c>.</summary>
public enum Activation
{
    /// <summary>The outputs are logits of classes that exclude each other, and need a softmax.</summary>
    Softmax,

    /// <summary>The outputs are logits of independent labels, and each needs a sigmoid.</summary>
    Sigmoid,

    /// <summary>The outputs are probabilities already.</summary>
    None,
}
