using Fovea.Models.Graphs;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Adoption;

public sealed class InferenceModeTests
{
    private static readonly Tensor True = new(ElementType.Bool, Shape.Scalar, new byte[] { 1 });

    [Theory]
    [InlineData(17)]
    [InlineData(6)]
    public void Dropout_in_training_mode_drops_nothing(int set)
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(body: (g, x) => set == 17
            ? g.Apply("Dropout", [x, g.Scalar(0.5f), g.Constant(True)])
            : g.Apply("Dropout", [x], ("ratio", 0.5f), ("is_test", 0L)));
        path.OperatorSets[""] = set;
        var file = path.Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(file));
        Assert.Contains(ModelAdoption.Read(file, ForeignNetwork.Json()).Findings.Changed, change =>
            change.Contains("Dropout", StringComparison.Ordinal));
    }

    [Fact]
    public void Input_that_turns_training_on_is_dropped()
    {
        using var folder = new TemporaryFolder();
        var path = ForeignNetwork.Build(
            body: (g, x) => g.Apply("Dropout", [x, g.Scalar(0.5f), g.Input("training", ElementType.Bool, Shape.Scalar)])).Write(folder);
        ForeignNetwork.AssertAnswer(ForeignNetwork.Softmax(), ForeignNetwork.Answer(path));
    }

    [Theory]
    [InlineData(17, true)]
    [InlineData(9, true)]
    [InlineData(6, true)]
    [InlineData(8, false)]
    public void Batch_normalisation_uses_its_running_statistics(int set, bool perChannel)
    {
        double[] expected = Answer(17, perChannel: true, isTraining: false);
        double[] actual = Answer(set, perChannel, isTraining: true);
        Assert.Equal(expected, actual, (a, b) => Math.Abs(a - b) < 1e-4);
    }

    private static double[] Answer(int set, bool perChannel, bool isTraining)
    {
        using var folder = new TemporaryFolder();
        var graph = ForeignNetwork.Build(body: (g, x) => Normalized(g, x, set, perChannel, isTraining));
        graph.OperatorSets[""] = set;
        var answer = ForeignNetwork.Answer(graph.Write(folder));
        return [.. ForeignNetwork.Labels.Select(label => answer[label])];
    }

    private static Value Normalized(Graph g, Value x, int set, bool perChannel, bool isTraining)
    {
        Value Statistic(string name, int seed, float add)
        {
            var values = ForeignNetwork.Random(seed, 0.3f, ForeignNetwork.Filters).Floats.ToArray().Select(v => v + add);
            return g.Initializer(name, perChannel
                ? Tensor.Of(new Shape(ForeignNetwork.Filters), [.. values])
                : Tensor.Of(new Shape(ForeignNetwork.Filters, 6, 6), [.. values.SelectMany(v => Enumerable.Repeat(v, 36))]));
        }

        Value[] inputs = [x, Statistic("scale", 20, 1), Statistic("shift", 21, 0), Statistic("mean", 22, 0), Statistic("variance", 23, 1)];
        (string, object)[] attributes = !isTraining ? [] : set >= 14 ? [("training_mode", 1L)] : !perChannel ? [("spatial", 0L)] : set < 7
            ? [("is_test", 0L)] : [];
        string[] outputs = isTraining && perChannel && set >= 7 ? ["bn", "bn_mean", "bn_variance"] : ["bn"];
        return g.Add("BatchNormalization", inputs, attributes, outputs: outputs).Output;
    }
}
