using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Makes a fixed batch size free, in the input's shape and in the constant shapes that nodes such as Reshape take. The free graph replaces
/// the fixed graph only if both give the same answers on random images.
/// </summary>
internal sealed class FreeBatch
{
    private readonly GraphCopy copy;
    private readonly int batch;

    // Values of the source graph without a batch axis: [C] in the source, but [N, C] in the copy.
    private readonly HashSet<Value> withoutBatch = [];

    private FreeBatch(Graph graph, int batch) => (copy, this.batch) = (new GraphCopy(graph), batch);

    public static void Run(AdoptionDraft draft)
    {
        var input = draft.Graph.Inputs[0];
        if (input.Shape[0] > 0)
        {
            RunDeclared(draft, input.Shape[0]);
        }
        else if (Hidden(draft.Graph) is { } batch && input.Shape.With(0, batch).IsKnown)
        {
            RunHidden(draft, batch);
        }
        else if (input.Shape.With(0, 1).IsKnown && BatchMixing.In(draft.Graph) is { } mixing)
        {
            RunMixed(draft, mixing);
        }
    }

    // An answer must not depend on the other images of a batch, which the service gathers from many requests.
    private static void RunMixed(AdoptionDraft draft, Node mixing)
    {
        if (WithBatch(draft.Graph, 1) is not { } single)
        {
            return;
        }

        var isSame = BatchProof.Find(single, draft.Graph, draft.Run);
        if (isSame != true)
        {
            draft.Change(
                single,
                $"The batch is one image, because {mixing.Name} ({mixing.Op}) "
                + (isSame is null ? "may mix the images of a batch, and the graph could not be run to test this."
                    : "makes answers depend on the other images of a batch."));
        }
    }

    private static void RunDeclared(AdoptionDraft draft, int batch)
    {
        var freed = draft.Graph.Inputs[0].Shape.IsKnown ? Freed(draft.Graph, batch) : null;
        if (freed is not null && BatchProof.Holds(draft.Graph, freed, draft.Run))
        {
            draft.Change(freed, $"The batch size is free instead of {batch}; the answers are the same on random images.");
        }
        else
        {
            draft.Assume($"The batch stays {batch} images: the graph gives other answers or cannot run with another batch size.");
        }
    }

    // The input's batch size is free, but a Reshape inside the graph names a number. If the graph gives the same answers for another batch
    // size, that number is no batch size and the graph stays as it is.
    private static void RunHidden(AdoptionDraft draft, int batch)
    {
        var fixedGraph = WithBatch(draft.Graph, batch);
        if (fixedGraph is null || BatchProof.Holds(fixedGraph, draft.Graph, draft.Run))
        {
            return;
        }

        if (Freed(fixedGraph, batch) is { } freed && BatchProof.Holds(fixedGraph, freed, draft.Run))
        {
            draft.Change(freed, $"The batch size, which a Reshape fixed to {batch}, is free; the answers are the same on random images.");
        }
        else
        {
            draft.Change(fixedGraph, $"The batch is {batch} images, because a Reshape in the file fixes this number.");
        }
    }

    // The number that a Reshape gives as first dimension although its input has a free batch size; null if there is no such Reshape.
    private static int? Hidden(Graph graph) => graph.Nodes
        .Where(node => node is { Op: "Reshape", Domain: "" } && node[0].Shape is { Rank: > 1 } x && x[0] == Shape.Free)
        .Select(node => Elements(node) is [> 0 and < 1024 and var first, _, ..] ? (int?)first : null)
        .FirstOrDefault(first => first is not null);

    private static Graph? WithBatch(Graph graph, int batch)
    {
        try
        {
            var (copy, input) = (new GraphCopy(graph), graph.Inputs[0]);
            copy[input] = copy.Target.Input(input.Name, input.Type, input.Shape.With(0, batch));
            copy.CopyNodes();
            return copy.Finish();
        }
        catch (FoveaException)
        {
            // The Reshape's first dimension is not the batch size, because the graph is not valid with this batch size.
            return null;
        }
    }

    private static Graph? Freed(Graph graph, int batch)
    {
        var input = graph.Inputs[0];
        try
        {
            var form = new FreeBatch(graph, batch);
            form.copy[input] = form.copy.Target.Input(input.Name, input.Type, input.Shape.With(0, Shape.Free));
            form.copy.CopyNodes(form.Rewrite);
            return form.copy.Finish();
        }
        catch (FoveaException)
        {
            // A node contains the batch size in a way that Rewrite does not handle.
            return null;
        }
    }

    private IReadOnlyList<Value>? Rewrite(Node node, Value?[] inputs)
    {
        if (node.Domain.Length > 0 || inputs.Length == 0)
        {
            return null;
        }

        if (node.Inputs.OfType<Value>().Any(withoutBatch.Contains))
        {
            return AfterTheBatchIsGone(node, inputs);
        }

        var (g, x) = (copy.Target, node[0].Shape);
        bool holdsBatch = x is { Rank: > 1 } && x[0] == batch;
        switch (node.Op)
        {
            case "Reshape" when holdsBatch && Elements(node) is { Length: 1 } or [1, -1] && batch == 1 && node.Output.Shape.Rank == 1:
                return Loses(node, g.Flatten(inputs[0]!));
            case "Reshape" when holdsBatch && Elements(node) is [var first, ..] elements && first == batch:
                // In a Reshape, 0 means "keep this dimension", except with allowzero, which PyTorch's newer exporter sets.
                return copy.Copied(node, [inputs[0], g.Constant(Tensor.Of([0, .. elements[1..]]))], ["allowzero"]);
            case "Expand" when Elements(node) is [var first, ..] elements && first == batch && batch > 1:
                return copy.Copied(node, [inputs[0], g.Constant(Tensor.Of([1, .. elements[1..]]))]);
            case "Squeeze" when holdsBatch && batch == 1 && node.Given("axes", 1) is { } axes
                && (axes is [] || axes.Contains(0) || axes.Contains(-x.Rank)):
                return Squeezed(node, inputs[0]!, axes);
            case "Gather" when holdsBatch && batch == 1 && node.Int("axis") == 0 && node[1].Shape.Rank == 0:
                return Loses(node, inputs[0]!);
            case "Slice" when holdsBatch && node.Given("axes", 3) is [0]:
                return [inputs[0]!];
            case "Resize" when holdsBatch && inputs.ElementAtOrDefault(3)?.Constant is { Type: ElementType.Int64 } sizes
                && sizes.Int64s.Length == x.Rank:
                return copy.Copied(node, [.. inputs[..3], WithBatchOf(inputs[0]!, sizes.Int64s)]);
            case "Concat" when batch == 1 && node.Int("axis") is not 0 && inputs.FirstOrDefault(i => i!.Constant is null) is { } images:
                return copy.Copied(node, [.. inputs.Select(input => Repeated(input!, images))]);
            default:
                return null;
        }
    }

    // Repeats a constant for one image, such as a transformer's class token, for each image of the batch.
    private Value Repeated(Value input, Value images) =>
        input.Constant is { } constant && constant.Shape is { Rank: > 1 } shape && shape[0] == 1
            ? copy.Target.Apply("Expand", [input, WithBatchOf(images, shape.ToInt64())])
            : input;

    // A shape whose first dimension is the batch size of a value.
    private Value WithBatchOf(Value images, ReadOnlySpan<long> shape)
    {
        var g = copy.Target;
        var first = g.Slice(g.Apply("Shape", [images]), [0], [1], [0]);
        return g.Concat([first, g.Constant(Tensor.Of(shape[1..].ToArray()))], 0);
    }

    private Value[] Squeezed(Node node, Value x, int[] axes)
    {
        int rank = node[0].Shape.Rank;
        long[] others =
        [
            .. Enumerable.Range(1, rank - 1).Where(axis =>
                axes is [] ? node[0].Shape[axis] == 1 : axes.Contains(axis) || axes.Contains(axis - rank))
                .Select(axis => (long)axis),
        ];
        return Loses(node, others is [] ? x : copy.Target.Apply("Squeeze", [x, copy.Target.Constant(Tensor.Of(others))]));
    }

    private Value[] Loses(Node node, Value kept)
    {
        withoutBatch.Add(node.Output);
        return [kept];
    }

    // Rewrites a node whose input lost its batch axis in the source. The copy keeps that axis, so each axis number in the copy is one
    // higher.
    private Value[] AfterTheBatchIsGone(Node node, Value?[] inputs)
    {
        if (inputs[0] is { } batched && GetsBatchBack(node, batched))
        {
            return [batched];
        }

        if (node.Op == "Transpose")
        {
            long[] perm = [0, .. node.Ints("perm", [.. Enumerable.Range(0, node[0].Shape.Rank).Reverse()]).Select(axis => axis + 1L)];
            return Loses(node, copy.Copied(node, inputs, ["perm"], with: ("perm", perm))[0]);
        }

        if (node.Op is "Softmax" or "LogSoftmax")
        {
            long axis = node.Int("axis", -1);
            return Loses(node, copy.Copied(node, inputs, ["axis"], with: ("axis", axis < 0 ? axis : axis + 1))[0]);
        }

        // Elementwise operators align their operands at the last axis, so an additional first axis changes nothing.
        if (node.Has(Traits.Elementwise) && node.Inputs.OfType<Value>().All(input =>
            withoutBatch.Contains(input) ? input.Shape.Rank == node.Output.Shape.Rank : input.Constant is not null))
        {
            return Loses(node, copy.Copied(node, inputs)[0]);
        }

        return node.Op == "Reshape" && node.Output.Shape.Rank == 1
            ? Loses(node, inputs[0]!)
            : throw AdoptionDraft.Refused($"{node.Name} ({node.Op}) takes a value without a batch.");
    }

    private static bool GetsBatchBack(Node node, Value x) => node.Op switch
    {
        "Unsqueeze" => node.Given("axes", 1) is [0],
        "Reshape" => node.Output.Shape is { IsKnown: true, Rank: > 1 } shape && shape[0] == 1
            && x.Shape.Dimensions.Skip(1).SequenceEqual(shape.Dimensions.Skip(1)),
        _ => false,
    };

    // The shape that a node takes as second input; null unless it is constant.
    private static long[]? Elements(Node node) =>
        PartialValues.Of(node[1]) is { } elements && !elements.Contains(null) ? [.. elements.Select(element => element!.Value)] : null;
}
