using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Frees a batch size that the file fixes, in the input's shape and in the shapes that nodes are given. The free graph is kept only if it
/// answers as the fixed one on random images.
/// </summary>
internal sealed class FreeBatch
{
    private readonly GraphCopy copy;
    private readonly int batch;

    // Values of the source that have lost the batch: [C] where the copy has [N, C].
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
    }

    private static void RunDeclared(AdoptionDraft draft, int batch)
    {
        var freed = draft.Graph.Inputs[0].Shape.IsKnown ? Freed(draft.Graph, batch) : null;
        if (freed is not null && BatchProof.Holds(draft.Graph, freed, draft.Run))
        {
            draft.Change(freed, $"The batch is free instead of {batch}; the answers are the same on random images.");
        }
        else
        {
            draft.Assume($"The batch stays {batch} images: with another batch the graph answers otherwise, or it cannot be tried.");
        }
    }

    // The input leaves the batch open, and a shape inside names one. Such a shape may also be right: then the graph is left alone.
    private static void RunHidden(AdoptionDraft draft, int batch)
    {
        var fixedGraph = WithBatch(draft.Graph, batch);
        if (fixedGraph is null || BatchProof.Holds(fixedGraph, draft.Graph, draft.Run))
        {
            return;
        }

        if (Freed(fixedGraph, batch) is { } freed && BatchProof.Holds(fixedGraph, freed, draft.Run))
        {
            draft.Change(freed, $"The batch, which a Reshape fixed to {batch}, is free; the answers are the same on random images.");
        }
        else
        {
            draft.Change(fixedGraph, $"The batch is {batch} images, as a Reshape in the file asks for.");
        }
    }

    // The batch that a Reshape names although its input has a free one; null if there is none.
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
            // The first element is no batch: the graph cannot have one of this size.
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
            // A shape with the batch in it that is not known here.
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
                // With allowzero, which PyTorch's newer exporter sets, 0 would not stand for the batch.
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

    // A constant of one image, such as the class token of a transformer, stands beside each image.
    private Value Repeated(Value input, Value images) =>
        input.Constant is { } constant && constant.Shape is { Rank: > 1 } shape && shape[0] == 1
            ? copy.Target.Apply("Expand", [input, WithBatchOf(images, shape.ToInt64())])
            : input;

    // A shape that begins with the batch of a value.
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

    // The axes of the copy's value are one more than those of the source's.
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

        // The last axes of several operands are matched with each other, so one more axis at the front changes nothing.
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

    // The shape that a node is given, if it is constant.
    private static long[]? Elements(Node node) =>
        PartialValues.Of(node[1]) is { } elements && !elements.Contains(null) ? [.. elements.Select(element => element!.Value)] : null;
}
