using System.Text.Json.Serialization;
using Fovea.Models.Graphs;

namespace Fovea.Models.Summary;

/// <summary>One row of a summary: a layer with the activation that follows it, or a block of layers.</summary>
/// <param name="Name">The layer's path in the graph, such as <c>conv1</c>.</param>
/// <param name="Type">The type of the layer in Keras, such as Conv2D or Dense; the ONNX name of an operator that Keras lacks.</param>
/// <param name="OutputShape">The shape of the output for one image, [C, H, W] or [features]; <c>null</c> if it is unknown.</param>
/// <param name="Parameters">
/// The number of elements of the layer's weights, including running statistics. Weights that an earlier row also reads are not counted
/// again.
/// </param>
/// <param name="MultiplyAdds">
/// The number of multiply-adds of convolutions and matrix products for one image; <c>null</c> if it is unknown.
/// </param>
/// <param name="ConnectedTo">The names of the rows from which the layer's inputs come.</param>
public sealed record LayerSummary(
    string Name, string Type, IReadOnlyList<int?>? OutputShape, long Parameters, long? MultiplyAdds, IReadOnlyList<string> ConnectedTo)
{
    /// <summary>The kind of the layer, which has a colour in pictures.</summary>
    [JsonIgnore]
    internal LayerKind Kind { get; init; }

    /// <summary>
    /// The receptive field: the side, in pixels, of the square of the image on which one element of the layer's output depends. Padding
    /// counts as part of the image. <c>null</c> if the output has no height and width, for example after Flatten.
    /// </summary>
    public int? ReceptiveField { get; init; }

    /// <summary>
    /// The size of the layer's output for one image, in bytes as 32-bit floats; for a block, the size of all its layers' outputs. A layer
    /// that only changes the shape of another layer's output counts as 0. <c>null</c> if a shape is unknown.
    /// </summary>
    public long? ActivationBytes { get; init; }

    /// <summary>The kernel of a convolution or pool, [height, width]; <c>null</c>, and absent in JSON, for other layers.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Kernel { get; init; }

    /// <summary>The strides of the kernel, [down, right]; <c>null</c>, and absent in JSON, for layers without a kernel.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<int>? Strides { get; init; }
}
