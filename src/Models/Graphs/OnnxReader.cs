using Fovea.Models.Errors;
using Fovea.Models.Onnx;

namespace Fovea.Models.Graphs;

/// <summary>Converts a parsed ONNX message to a <see cref="Graph"/>.</summary>
internal static class OnnxReader
{
    /// <summary>
    /// Builds a graph and infers its shapes. Sorts the nodes into the order in which they run, replaces calls of functions that the file
    /// defines by the functions' nodes, unrolls loops, and reads tensors in other files. Error messages do not contain the path; the
    /// caller adds it.
    /// </summary>
    /// <param name="model">The parsed file.</param>
    /// <param name="folder">
    /// The folder of the file; <c>null</c> if the content does not come from a file, so that tensors in other files are refused.
    /// </param>
    /// <param name="changes">Receives a sentence for each kind of change.</param>
    /// <exception cref="FoveaException">The message has no graph, has invalid nodes or tensors, or uses an unsupported feature.</exception>
    public static Graph FromProto(ModelProto model, string? folder, ICollection<string> changes)
    {
        if (model.Graph is null || model.OpsetImport.Count == 0)
        {
            throw new FoveaException(ErrorCode.BadModelFile, "the file has no graph or no operator set, so it is not an ONNX file.");
        }

        LocalFunctions.Inline(model, changes);
        NodeOrder.Sort(model.Graph, changes);
        try
        {
            return Read(model, folder, changes);
        }
        catch (FoveaException) when (FixBatch(model.Graph))
        {
            // A loop over the images of a batch has a constant number of repetitions for one image, and a list of the images has one
            // element. Adoption then makes the batch size free again if the answers stay the same.
            var graph = Read(model, folder, changes);
            changes.Add($"The batch is one image, because a {PerImage(model.Graph)!.OpType} in the file runs once per image.");
            return graph;
        }
    }

    private static Graph Read(ModelProto model, string? folder, ICollection<string> changes)
    {
        var graph = new Graph(model.Graph.Name);
        foreach (var set in model.OpsetImport)
        {
            graph.OperatorSets[set.Domain == "ai.onnx" ? "" : set.Domain] = set.Version;
        }

        foreach (var property in model.MetadataProps)
        {
            graph.Metadata[property.Key] = property.Value;
        }

        // Before IR version 4, every initializer was also listed as an input.
        var tensors = new TensorReader(folder);
        var nodes = new NodeReader(graph, tensors);
        var scope = new NodeScope();
        foreach (var input in InputsOf(model.Graph))
        {
            var (type, shape) = TensorReader.TypeOf(input.Type);
            scope[input.Name] = graph.Input(input.Name, type, shape);
        }

        nodes.AddWeights(model.Graph, scope);
        nodes.AddNodes(model.Graph.Node, NodeReader.Declarations(model.Graph), scope);
        foreach (var output in model.Graph.Output)
        {
            graph.Output(scope[output.Name]);
        }

        foreach (var sentence in nodes.Changes)
        {
            changes.Add(sentence);
        }

        FreeOutputs(graph, model.Graph, changes);
        if (tensors.External is { Count: > 0 } external)
        {
            changes.Add($"{external.Count} tensors were moved from {string.Join(", ", external.Files)} into the graph.");
        }

        return graph;
    }

    private static IEnumerable<ValueInfoProto> InputsOf(GraphProto graph)
    {
        var weights = graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        return graph.Input.Where(input => !weights.Contains(input.Name));
    }

    // A node that may do something once for each image.
    private static NodeProto? PerImage(GraphProto graph) =>
        graph.Node.FirstOrDefault(node => node is { OpType: "Loop" or "Scan" or "SplitToSequence", Domain: "" or "ai.onnx" });

    // If the file has such a node and its only input has a free batch size, sets the batch size to 1 and returns true.
    private static bool FixBatch(GraphProto graph)
    {
        if (PerImage(graph) is null
            || InputsOf(graph).ToArray() is not [{ Type.TensorType.Shape.Dim: [{ DimValue: <= 0 } batch, ..] }])
        {
            return false;
        }

        batch.DimValue = 1;
        return true;
    }

    // Some files declare a fixed batch size for an output although the input's batch size is free. ONNX Runtime then refuses other batch
    // sizes.
    private static void FreeOutputs(Graph graph, GraphProto file, ICollection<string> changes)
    {
        var shapes = file.Output.Select(output => TensorReader.TypeOf(output.Type).Shape);
        if (graph.Outputs.Zip(shapes).Any(o => o.First.Shape is { Rank: > 0 } shape && shape[0] == Shape.Free
            && o.Second.Rank == shape.Rank && o.Second[0] != Shape.Free))
        {
            changes.Add("The outputs have a free batch size, like the input, instead of the fixed one that the file declares.");
        }
    }
}
