using System.Globalization;
using System.Text.Json;
using Fovea.Api.Tests.Hosting;
using Fovea.Api.Tests.Problems;
using Fovea.Models.Graphs;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Adoption;

namespace Fovea.Api.Tests.Classification;

public sealed class MultiLabelTests
{
    private const string Json = """{ "labels": ["ant", "bee", "cat", "dog"], "preprocessing": { "crop": [8, 8] } }""";

    private static readonly double[] Sigmoids = [.. ForeignNetwork.Logits().Select(logit => 1 / (1 + Math.Exp(-logit)))];

    [Fact]
    public async Task Sigmoid_outputs_are_the_probabilities_of_independent_labels_and_the_threshold_leaves_out_the_unlikely()
    {
        using var repository = Repository("labels", ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])]), Json);
        await using var service = await TestService.StartReady(repository);
        var (_, answer) = await service.Post("/classify/labels", ForeignNetwork.Image.As(null));
        Assert.True(answer.GetProperty("multiLabel").GetBoolean());
        Assert.NotEqual(1, Sigmoids.Sum(), 0.01);
        AssertProbabilities(ForeignNetwork.Labels.Zip(Sigmoids), answer);

        double threshold = Sigmoids.Order().ElementAt(2) - 1e-3;
        var query = string.Create(CultureInfo.InvariantCulture, $"?threshold={threshold:F4}");
        (_, answer) = await service.Post($"/classify/labels{query}", ForeignNetwork.Image.As(null));
        AssertProbabilities(ForeignNetwork.Labels.Zip(Sigmoids).Where(label => label.Second > threshold), answer);
        (_, answer) = await service.Post($"/classify/labels/versions/1{query}&top=1", Images.Form(ForeignNetwork.Image));
        AssertProbabilities(ForeignNetwork.Labels.Zip(Sigmoids).OrderByDescending(label => label.Second).Take(1), answer[0]);
        (_, answer) = await service.Post("/classify/labels?threshold=1", ForeignNetwork.Image.As(null));
        Assert.Empty(answer.GetProperty("predictions").EnumerateArray());

        // The order of the classes is the same in the other protocol, whose tensors have the names of the file.
        var image = Convert.ToBase64String(ForeignNetwork.Image);
        var output = (await service.Get("/v2/models/labels")).GetProperty("outputs")[0].GetProperty("name");
        (_, answer) = await service.Post("/v2/models/labels/infer", new StringContent($$"""
            {
              "inputs": [{ "name": "data", "datatype": "BYTES", "shape": [1], "data": ["{{image}}"] }],
              "outputs": [{ "name": "{{output}}", "parameters": { "classification": 4 } }]
            }
            """));
        Assert.Equal(
            ForeignNetwork.Labels.Zip(Sigmoids).OrderByDescending(label => label.Second).Select(label => label.First),
            answer.GetProperty("outputs")[0].GetProperty("data").EnumerateArray().Select(text => text.GetString()!.Split(':')[2]));
    }

    [Fact]
    public async Task One_sigmoid_with_two_labels_has_two_probabilities_and_is_not_multi_label()
    {
        using var repository = Repository(
            "binary",
            ForeignNetwork.Build((g, z) => [g.Apply("Sigmoid", [z])], classes: 1),
            """{ "labels": ["ant", "bee"], "preprocessing": { "crop": [8, 8] } }""");
        await using var service = await TestService.StartReady(repository);
        var (_, answer) = await service.Post("/classify/binary", ForeignNetwork.Image.As(null));
        Assert.False(answer.TryGetProperty("multiLabel", out _));
        AssertProbabilities([("ant", 1 - Sigmoids[0]), ("bee", Sigmoids[0])], answer);
    }

    [Fact]
    public async Task Softmax_in_the_file_is_not_applied_again()
    {
        using var repository = Repository("softmax", ForeignNetwork.Build((g, z) => [g.Softmax(z)]), Json);
        await using var service = await TestService.StartReady(repository);
        var (_, answer) = await service.Post("/classify/softmax", ForeignNetwork.Image.As(null));
        Assert.False(answer.TryGetProperty("multiLabel", out _));
        AssertProbabilities(ForeignNetwork.Labels.Zip(ProbabilityRule.Softmax(ForeignNetwork.Logits())), answer);
    }

    [Theory]
    [InlineData("1.5")]
    [InlineData("-0.1")]
    [InlineData("NaN")]
    [InlineData("0,5")]
    [InlineData("half")]
    public async Task Threshold_outside_0_to_1_is_refused(string threshold)
    {
        using var repository = Repository("softmax", ForeignNetwork.Build(), Json);
        await using var service = await TestService.StartReady(repository);
        var (_, answer) = await service.Post($"/classify/softmax?threshold={threshold}", ForeignNetwork.Image.As(null));
        answer.IsProblem(400, "malformed_request", $"threshold is {threshold}; expected a number from 0 to 1.");
    }

    private static Repository Repository(string model, Graph graph, string json)
    {
        var repository = new Repository().WithFile($"{model}/1/model.json", json);
        OnnxFile.Write(graph, Path.Combine(repository.Folder, model, "1", "model.onnx"));
        return repository;
    }

    private static void AssertProbabilities(IEnumerable<(string Label, double Probability)> expected, JsonElement answer)
    {
        var predictions = answer.GetProperty("predictions").EnumerateArray().ToArray();
        var sorted = expected.OrderByDescending(label => label.Probability).ToArray();
        Assert.Equal(sorted.Select(label => label.Label), predictions.Select(prediction => prediction.GetProperty("label").GetString()));
        Assert.All(
            sorted.Zip(predictions),
            pair => Assert.Equal(pair.First.Probability, pair.Second.GetProperty("probability").GetDouble(), 1e-4));
    }
}
