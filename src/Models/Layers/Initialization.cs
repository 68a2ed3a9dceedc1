using Fovea.Models.Graphs;

namespace Fovea.Models.Layers;

/// <summary>Draws the initial values of a weight.</summary>
/// <param name="weight">The elements, in row-major order. The function writes all of them.</param>
/// <param name="shape">
/// [outputs, inputs] or [outputs, inputs, kernel height, kernel width]. For a bias, the shape of its layer's weight.
/// </param>
/// <param name="random">The random numbers.</param>
public delegate void Initialization(Span<float> weight, Shape shape, SeededRandom random);
