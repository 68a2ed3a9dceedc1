using Fovea.Models.Graphs;
using Fovea.Models.Quantization;

namespace Fovea.Training.Precision;

/// <summary>One way to quantise a network.</summary>
/// <param name="Method">How ranges are found.</param>
/// <param name="FloatLayers">The layers that stay floats.</param>
internal sealed record QuantizedForm(CalibrationMethod Method, IReadOnlyList<Node> FloatLayers);
