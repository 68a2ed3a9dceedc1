using Fovea.Api.Tests.Hosting;
using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.Classification;

public sealed class OutlierTests
{
    // The energy of this file is the brightest pixel, from 0 to 1, and the threshold 0.5: a digit is an outlier, a black image is none.
    [Fact]
    public async Task Answers_and_metrics_say_which_images_are_outliers()
    {
        using var repository = new Repository().With("plain", 1);
        Write(repository, temperature: 2);
        await using var service = await TestService.StartReady(repository);

        var (_, answer) = await service.Post("/classify/marked", Images.Digit.As(null));
        var outlier = answer.GetProperty("outlier");
        Assert.True(outlier.GetProperty("is").GetBoolean());
        Assert.InRange(outlier.GetProperty("score").GetDouble(), 0.9, 1.0001);
        (_, answer) = await service.Post("/classify/marked", Images.Form(Images.Digit, Images.Blank(28, 28), Images.Digit));
        Assert.Equal(
            [true, false, true], answer.EnumerateArray().Select(one => one.GetProperty("outlier").GetProperty("is").GetBoolean()));
        Assert.Equal(0, answer[1].GetProperty("outlier").GetProperty("score").GetDouble(), 1e-5);

        const string Count = """fovea_outliers_total{otel_scope_name="Fovea",model="marked"} 3""";
        Assert.Contains(Count, await service.Metrics(), StringComparison.Ordinal);

        (_, answer) = await service.Post("/classify/plain", Images.Digit.As(null));
        Assert.False(answer.TryGetProperty("outlier", out _));
    }

    [Fact]
    public async Task Temperature_makes_probabilities_flatter()
    {
        using var repository = new Repository().With("plain", 1);
        Write(repository, temperature: 4);
        await using var service = await TestService.StartReady(repository);
        var (_, answer) = await service.Post("/classify/plain?top=10", Images.Digit.As(null));
        var plain = Probabilities(answer);
        (_, answer) = await service.Post("/classify/marked?top=10", Images.Digit.As(null));
        var expected = ProbabilityRule.Softmax(Array.ConvertAll(plain, p => (float)Math.Log(p) / 4));
        Assert.All(Probabilities(answer).Zip(expected), pair => Assert.Equal(pair.Second, pair.First, 1e-5));

        double least = expected.Order().ElementAt(5) - 1e-5;
        (_, answer) = await service.Post(FormattableString.Invariant($"/classify/marked?top=10&threshold={least}"), Images.Digit.As(null));
        Assert.Equal(5, answer.GetProperty("predictions").GetArrayLength());
    }

    private static double[] Probabilities(System.Text.Json.JsonElement answer) =>
    [
        .. answer.GetProperty("predictions").EnumerateArray()
            .OrderBy(p => p.GetProperty("index").GetInt32()).Select(p => p.GetProperty("probability").GetDouble()),
    ];

    private static void Write(Repository repository, double temperature)
    {
        var graph = Catalog.Find("lenet5").Build(seed: 1);
        var brightest = graph.Apply("ReduceMax", [graph.Inputs[0]], ("axes", new long[] { 1, 2, 3 }), ("keepdims", 0L));
        graph.Outputs[0] = graph.LogSoftmax(graph.Outputs[0]) + -graph.Reshape(brightest, new Shape(-1, 1));
        (ModelMetadata.Read(graph.Metadata) with { Calibration = new(temperature, new(0.5)) }).WriteTo(graph);
        OnnxFile.Write(graph, Path.Combine(repository.Folder, "marked", "1", "model.onnx"));
    }
}
