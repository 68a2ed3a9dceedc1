using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>Runs a graph on batches of images, one batch after the other, and returns the graph's first output for each.</summary>
/// <param name="graph">A graph with one input.</param>
/// <param name="shape">The input's shape, all of it known.</param>
/// <param name="batches">The images, one array per run.</param>
/// <returns>The shape and the numbers of the first output, for each batch; <c>null</c> if ONNX Runtime cannot run the graph.</returns>
internal delegate IReadOnlyList<(Shape Shape, float[] Values)>? GraphRun(Graph graph, Shape shape, IReadOnlyList<float[]> batches);
