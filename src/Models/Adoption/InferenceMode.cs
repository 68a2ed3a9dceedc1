using Fovea.Models.Graphs;

namespace Fovea.Models.Adoption;

/// <summary>
/// Sets Dropout and BatchNormalization to inference. In training mode, Dropout drops random values, and BatchNormalization makes an answer
/// depend on the other images of the batch. Refuses graphs that draw other random numbers.
/// </summary>
internal static class InferenceMode
{
    // The index of Dropout's output with the mask of the values that it kept. The mask is removed; only the output before it stays.
    private const int MaskOutput = 1;

    private static readonly string[] Random =
        ["RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike", "Bernoulli", "Multinomial"];

    public static void Run(AdoptionDraft draft)
    {
        RefuseRandomNumbers(draft.Graph);
        long set = draft.Graph.OperatorSets.TryGetValue("", out long version) ? version : 0;
        Node[] dropouts = [.. draft.Graph.Nodes.Where(node => IsTrainingDropout(node, set))];
        Node[] norms = [.. draft.Graph.Nodes.Where(node => IsTrainingNormalization(node, set))];
        if (dropouts.Length + norms.Length == 0)
        {
            return;
        }

        var copy = new GraphCopy(draft.Graph);
        copy.CopyInputs();
        copy.CopyNodes((node, inputs) =>
            dropouts.Contains(node) ? copy.Copied(node, inputs[..Math.Min(inputs.Length, 2)], ["is_test"], MaskOutput, OldForm(set))
            : norms.Contains(node) ? copy.Copied(node, inputs, ["training_mode", "is_test"], 1, OldForm(set))
            : null);
        var graph = copy.Finish();
        Say(draft, graph, "Dropout", dropouts, "it drops values at random in training mode");
        Say(draft, graph, "BatchNormalization", norms, "it depends on the other images of the batch in training mode");
    }

    private static void RefuseRandomNumbers(Graph graph)
    {
        var seen = new HashSet<Value>(graph.Outputs);
        var waiting = new Stack<Value>(seen);
        while (waiting.TryPop(out var value))
        {
            if (value.Producer is { Domain: "" } random && Random.Contains(random.Op))
            {
                throw AdoptionDraft.Refused(
                    $"{random.Name} ({random.Op}) draws random numbers, so an image would get another answer each time; expected a network "
                    + "without random numbers. Export it in inference mode.");
            }

            foreach (var input in value.Producer?.Inputs.OfType<Value>().Where(seen.Add) ?? [])
            {
                waiting.Push(input);
            }
        }
    }

    // Before operator set 7, the attribute is_test chose the mode; its default, 0, meant training.
    private static (string, object)[] OldForm(long set) => set < 7 ? [("is_test", 1L)] : [];

    private static void Say(AdoptionDraft draft, Graph graph, string op, Node[] nodes, string reason)
    {
        if (nodes.Length > 0)
        {
            var names = string.Join(", ", nodes.Take(3).Select(node => node.Name)) + (nodes.Length > 3 ? " ..." : "");
            draft.Change(graph, $"{nodes.Length} {op} ({names}) is set to inference, because {reason}.");
        }
    }

    // From set 12 on, input 2 (a boolean, constant or computed) chooses training mode; before set 7, the attribute is_test does.
    private static bool IsTrainingDropout(Node node, long set) => node is { Op: "Dropout", Domain: "" }
        && (node.Inputs.ElementAtOrDefault(2) is { } mode
            ? mode.Constant is not { Type: ElementType.Bool } constant || constant.Bytes.Span.Contains((byte)1)
            : set < 7 && node.Int("is_test") == 0);

    private static bool IsTrainingNormalization(Node node, long set) => node is { Op: "BatchNormalization", Domain: "" }
        && (node.Int("training_mode") != 0 || (set < 7 && node.Int("is_test") == 0) || node.Outputs.Count(o => o.Name.Length > 0) > 1);
}
