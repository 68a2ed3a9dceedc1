using Fovea.Models.Graphs;
using Fovea.Models.Heads;

namespace Fovea.Models.Adoption;

/// <summary>
/// Chooses the output that holds the scores of the classes, and drops the other outputs. Class names that the graph holds as text, for
/// example in a ZipMap, go to <see cref="AdoptionDraft.LabelsInGraph"/>.
/// </summary>
internal static class OutputChoice
{
    // Operators that compare a score with a threshold.
    private static readonly string[] Decisions = ["Greater", "GreaterOrEqual", "Less", "LessOrEqual"];

    private static readonly string[] OfLabels = ["ArrayFeatureExtractor", "LabelEncoder", "CategoryMapper"];

    public static void Run(AdoptionDraft draft)
    {
        var graph = draft.Graph;
        draft.LabelsInGraph = LabelsOf(graph);
        var behind = graph.Outputs.Select(ScoresBehind).ToList();
        var candidates = behind.Select(scores => scores.Value).OfType<Value>().Distinct().Where(HasScores).ToList();
        if (candidates.Count == 0)
        {
            var outputs = string.Join(", ", graph.Outputs);
            throw AdoptionDraft.Refused($"the outputs are {outputs}; expected the scores of classes, [N, classes] of floats.");
        }

        int? labels = (draft.Given.Labels?.Length ?? draft.LabelsInGraph?.Names.Count ?? draft.Sidecars.Labels?.Names.Count) is { } n
            ? n
            : null;
        var fitting = candidates.Where(value => labels is not null && ClassesOf(value) == labels).ToList();
        var remaining = fitting.Count > 0 ? fitting : candidates;
        remaining = [.. remaining.Where((value, i) => !remaining.Index().Any(other => other.Item != value && Repeats(other, (i, value))))];
        if (remaining.Count > 1)
        {
            var names = string.Join(" and ", remaining.Select(value => $"{value.Name} {value.Shape}"));
            throw AdoptionDraft.Refused(
                $"the outputs {names} may each hold the scores of the classes; expected one such output, or \"labels\" in model.json, "
                + "whose number matches only one of these outputs.");
        }

        draft.ScoresName = remaining[0].Name;
        Node?[] decisions = [.. behind.Where(scores => scores.Value == remaining[0]).Select(scores => scores.Decision)];
        draft.Decision = Array.TrueForAll(decisions, decision => decision is not null) ? decisions[0] : null;
        if (graph.Outputs.Count == 1 && graph.Outputs[0] == remaining[0])
        {
            return;
        }

        var dropped = string.Join(", ", graph.Outputs.Where(output => output != remaining[0]).Select(output => output.Name));
        var copy = new GraphCopy(Only(graph, remaining[0]));
        copy.CopyInputs();
        copy.CopyNodes();
        draft.Change(copy.Finish(), $"The only output is {remaining[0].Name}; {dropped} is dropped.");
    }

    // Makes a value the only output of the graph; the value may be an output or an inner value.
    private static Graph Only(Graph graph, Value output)
    {
        graph.Outputs.Clear();
        graph.Outputs.Add(output);
        return graph;
    }

    // The scores that an output is computed from: the input of a ZipMap, of an ArgMax and the like, or the output itself. Null if there are
    // none. Decision is the node that compares each of these scores with a number; null if the output is computed in another way.
    private static (Value? Value, Node? Decision) ScoresBehind(Value output)
    {
        var value = output;
        Node? decision = null;
        while (true)
        {
            switch (value.Producer)
            {
                case { Op: "ZipMap" } or { Op: "ArgMax" or "TopK", Domain: "" }:
                    value = value.Producer[0];
                    break;
                case { Op: "ReduceMax", Domain: "" } highest when highest[0].Shape is { Rank: 2 } row && row[1] > 1:
                    value = highest[0];
                    break;
                case { Domain: "" } comparison when Decisions.Contains(comparison.Op)
                    && comparison.Inputs.Count(input => input!.Constant is null) == 1:
                    decision = comparison;
                    value = comparison.Inputs.First(input => input!.Constant is null)!;
                    break;
                case { Op: "Round", Domain: "" } rounded when ActivationReader.Of(rounded[0]).Kind != FinalActivation.None:
                    value = rounded[0];
                    break;
                case { Op: "OneHot" or "QuantizeLinear", Domain: "" } coded:
                    value = coded[0];
                    break;
                case { Op: "Cast" or "Identity", Domain: "" } view
                    when view[0].Type is ElementType.Bool or ElementType.Int64 or ElementType.Int32:
                    value = view[0];
                    break;
                case { } node when OfLabels.Contains(node.Op):
                    value = node.Inputs.OfType<Value>().LastOrDefault(input => !input.Graph.Texts.ContainsKey(input)) is { } index
                        ? index
                        : value;
                    if (value == output || value.Producer == node)
                    {
                        return default;
                    }

                    break;
                case { Op: "Identity" or "Cast" or "Squeeze" or "Reshape" or "Unsqueeze" or "Flatten", Domain: "" } view
                    when value.Type is ElementType.Int64 or ElementType.Int32 or ElementType.Text:
                    value = view[0];
                    break;
                default:
                    return value.Type is ElementType.Text or ElementType.Int64 or ElementType.Int32 or ElementType.Bool
                        ? default
                        : (value, decision?.Inputs.Contains(value) == true ? decision : null);
            }
        }
    }

    // A feature map of several pixels does not hold scores.
    private static bool HasScores(Value value) =>
        !IsInput(value)
        && (!value.Shape.IsRanked || value.Shape.Rank is 1 or 2 || value is { Shape.Rank: 0, Producer.Op: "Squeeze" }
            || (value.Shape.Rank is 3 or 4 && value.Shape.Dimensions.Count(d => d > 1) <= 2));

    // Whether the value is an input that the graph passes on unchanged; ML.NET's exporter does so with all columns.
    private static bool IsInput(Value value) => value.Producer is null
        || (value.Producer is { Op: "Identity" or "Cast" or "Reshape", Domain: "" } copy && IsInput(copy[0]));

    private static int? ClassesOf(Value value) =>
        value.Shape.IsRanked && value.Shape.Dimensions.Skip(value.Shape.Rank > 1 ? 1 : 0).Where(d => d != 1)
            .ToArray() is [> 0 and var classes]
            ? classes
            : null;

    // Whether an output is computed from another one, so that it is nearer to probabilities, or repeats an earlier one.
    private static bool Repeats((int Index, Value Item) output, (int Index, Value Item) other)
    {
        var (root, otherRoot) = (Root(output.Item), Root(other.Item));
        return root == otherRoot ? output.Index < other.Index : DependsOn(root, otherRoot);
    }

    // The value that an output has the numbers of.
    private static Value Root(Value value)
    {
        while (value.Producer is { Op: "Identity" or "Reshape" or "Squeeze" or "Unsqueeze" or "Flatten", Domain: "" } view)
        {
            value = view[0];
        }

        return value;
    }

    private static bool DependsOn(Value value, Value other)
    {
        var seen = new HashSet<Value>();
        var waiting = new Stack<Value>([value]);
        while (waiting.TryPop(out var next))
        {
            if (next == other)
            {
                return true;
            }

            foreach (var input in next.Producer?.Inputs.OfType<Value>().Where(seen.Add) ?? [])
            {
                waiting.Push(input);
            }
        }

        return false;
    }

    private static SourcedLabels? LabelsOf(Graph graph)
    {
        foreach (var node in graph.Nodes)
        {
            object? names = node.Op switch
            {
                "ZipMap" => Attribute(node, "classlabels_strings") ?? Attribute(node, "classlabels_int64s"),
                "LabelEncoder" => ByKey(node) ?? Attribute(node, "values_strings") ?? Attribute(node, "classes_strings"),
                "ArrayFeatureExtractor" or "Gather" => graph.Texts.GetValueOrDefault(node[0]),
                _ => null,
            };
            var texts = names as string[] ?? (names as long[])?.Select(n => FormattableString.Invariant($"{n}")).ToArray();
            if (texts is { Length: > 0 })
            {
                return new(texts, $"the graph's {node.Op} node");
            }
        }

        return null;
    }

    // The texts of a LabelEncoder that maps whole numbers to texts, in the order of the numbers.
    private static string[]? ByKey(Node node) =>
        Attribute(node, "keys_int64s") is long[] keys && Attribute(node, "values_strings") is string[] texts && keys.Length == texts.Length
            ? [.. keys.Zip(texts).OrderBy(pair => pair.First).Select(pair => pair.Second)]
            : null;

    private static object? Attribute(Node node, string name) => node.Attributes.GetValueOrDefault(name);
}
