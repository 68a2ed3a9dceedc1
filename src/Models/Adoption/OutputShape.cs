using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>The shape of a graph's output. If shape inference cannot find it, a run in ONNX Runtime measures it.</summary>
internal static class OutputShape
{
    /// <summary>Makes sure that the rank and the number of columns of the first output are known.</summary>
    /// <exception cref="FoveaException">The output is not one row of numbers per image.</exception>
    public static void Require(Graph graph, GraphRun run)
    {
        var output = graph.Outputs[0];
        if (!IsKnown(output.Shape) && Measured(graph, run) is { } shape)
        {
            output.Shape = shape;
        }

        bool isRow = output.Shape.Rank switch
        {
            1 => output.Shape[0] == graph.Inputs[0].Shape[0],
            2 or 3 or 4 => output.Shape.Dimensions.Skip(1).All(d => d > 0) && output.Shape.Dimensions.Skip(1).Count(d => d > 1) <= 1,
            _ => false,
        };
        if (!isRow)
        {
            throw Unknown(graph) is { } node
                ? AdoptionDraft.Refused(
                    $"the node {node.Name} is {node.Op} of the domain {node.Domain}, an operator that ONNX Runtime does not have; expected "
                    + "operators of ONNX or of com.microsoft. Export the network without it.")
                : AdoptionDraft.Refused($"the output {output.Name} has the shape {output.Shape}; expected [N, classes].");
        }
    }

    /// <summary>The number of output numbers for one image.</summary>
    public static int Columns(Value output) =>
        output.Shape.Rank == 1 ? 1 : output.Shape.Dimensions.Skip(1).Aggregate(1, (product, d) => product * d);

    // A node whose domain ONNX Runtime does not have.
    private static Node? Unknown(Graph graph) => graph.Outputs[0].Shape.IsRanked ? null
        : graph.Nodes.FirstOrDefault(node => node.Domain is not ("" or "ai.onnx.ml" or "ai.onnx.preview.training")
            && !node.Domain.StartsWith("com.microsoft", StringComparison.Ordinal));

    private static bool IsKnown(Shape shape) =>
        shape.IsRanked && shape.Rank > 0 && (shape.Rank == 1 || !shape.Dimensions.Skip(1).Contains(Shape.Free));

    // Runs the graph once on zeros and returns the output's shape; null if the graph cannot run or a side of the input is unknown.
    private static Shape? Measured(Graph graph, GraphRun run)
    {
        var image = graph.Inputs[0].Shape;
        if (image.Dimensions.Skip(1).Contains(Shape.Free))
        {
            return null;
        }

        var batch = image[0] == Shape.Free ? image.With(0, 1) : image;
        return run(graph, batch, [new float[batch.Size]]) is [{ Shape: { Rank: > 0 } shape }, ..] ? shape.With(0, image[0]) : null;
    }
}
