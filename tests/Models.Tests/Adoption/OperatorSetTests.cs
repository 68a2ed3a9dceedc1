using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

public sealed class OperatorSetTests
{
    public static TheoryData<int> Sets => [.. Enumerable.Range(3, 22)];

    [Theory, MemberData(nameof(Sets))]
    public void Every_set_gets_the_same_answer(int set)
    {
        using var folder = new TemporaryFolder();
        var graph = ForeignNetwork.Build(
            (g, z) => [set < 13 ? g.Apply("Softmax", [z], ("axis", 1L)) : g.Softmax(z)], body: (g, x) => Unchanging(g, x, set));
        graph.OperatorSets[""] = set;
        var path = graph.Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
        var adopted = ModelAdoption.Read(path, ForeignNetwork.Json()).Graph;
        Assert.Equal(Graph.Opset, adopted.OperatorSets[""]);
        Sessions.Open(adopted).Dispose();
    }

    // Operators that together change nothing, in the form that they have in the set.
    private static Value Unchanging(Graph g, Value x, int set)
    {
        var per = g.Initializer("per_channel", ForeignNetwork.Random(30, 1, ForeignNetwork.Filters));
        if (set < 7)
        {
            (string, object)[] attributes = [("axis", 1L), ("broadcast", 1L), .. set < 6 ? [("consumed_inputs", new long[] { 0, 0 })]
                : Array.Empty<(string, object)>()];
            x = g.Apply("Sub", [g.Apply("Add", [x, per], attributes), per], attributes);
            x = g.Apply("Dropout", [x], ("is_test", 1L), ("ratio", 0.5f));
        }
        else
        {
            var aligned = g.Reshape(per, new Shape(ForeignNetwork.Filters, 1, 1));
            x = g.Apply("Sub", [g.Apply("Add", [x, aligned]), aligned]);
            x = set < 12 ? g.Apply("Dropout", [x], ("ratio", 0.5f)) : g.Apply("Dropout", [x, g.Scalar(0.5f)]);
        }

        x = set < 5 ? g.Apply("Reshape", [x], ("shape", new long[] { 0, 0, 36, 1 })) : g.Reshape(x, new Shape(0, 0, 36, 1));
        x = g.Apply("Cast", [x], ("to", set < 6 ? "FLOAT" : (object)1L));
        x = set < 11 ? g.Apply("Clip", [x], ("min", -100f), ("max", 100f)) : g.Apply("Clip", [x, g.Scalar(-100), g.Scalar(100)]);
        return set switch
        {
            < 13 => g.Apply("Squeeze", [g.Apply("Unsqueeze", [x], ("axes", new long[] { 1 }))], ("axes", new long[] { 1 })),
            _ => g.Apply("Squeeze", [g.Apply("Unsqueeze", [x, g.Constant(Tensor.Of(1))]), g.Constant(Tensor.Of(1))]),
        };
    }
}
