namespace Fovea.Models.Graphs;

/// <summary>
/// The activation that turns a network's outputs into probabilities. A model file stores it in the metadata property
/// <c>fovea.activation</c>.
/// </summary>
public enum Activation
{
    /// <summary>The outputs are logits of mutually exclusive classes, so a softmax is applied.</summary>
    Softmax,

    /// <summary>The outputs are logits of independent labels, so a sigmoid is applied to each.</summary>
    Sigmoid,

    /// <summary>The outputs are already probabilities, so no activation is applied.</summary>
    None,
}
