using Fovea.Models.Graphs;

namespace Fovea.Models.Heads;

/// <summary>A linear layer that computes logits.</summary>
/// <param name="Layer">The layer's node; input 0 is the features, input 1 the weights.</param>
/// <param name="Bias">The bias, from the node or from an Add after it; <c>null</c> if there is none.</param>
/// <param name="Following">The nodes between the layer and the network's output.</param>
internal sealed record HeadLayer(Node Layer, Value? Bias, Node[] Following)
{
    /// <summary>
    /// The features: [N, features], [N, features, H, W] before a convolution, or [N, classes, features] if
    /// <see cref="HasVectorPerClass"/>.
    /// </summary>
    public Value Features { get; init; } = Layer[0];

    /// <summary>Whether each class has features of its own, and one vector of weights for them.</summary>
    public bool HasVectorPerClass { get; init; }
}
