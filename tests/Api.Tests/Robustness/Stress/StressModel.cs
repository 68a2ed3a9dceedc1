using System.Text.Json;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Api.Tests.Robustness.Stress;

/// <summary>
/// One content of a model file. Its labels name the content, and its answer to the test image is known. So the test notices an answer that
/// combines the labels of one content with the weights of another.
/// </summary>
internal sealed class StressModel
{
    private const int Classes = 5, Side = 48, Channels = 128;

    private static readonly Preprocessing Preprocessing = new() { Crop = [Side, Side] };

    private readonly double[] expected;

    private StressModel(int id, byte[] bytes, double[] expected) => (Id, Bytes, this.expected) = (id, bytes, expected);

    /// <summary>The number that identifies the content.</summary>
    public int Id { get; }

    /// <summary>The bytes of the file.</summary>
    public byte[] Bytes { get; }

    /// <summary>
    /// Makes a content: two convolutions, one of which Winograd's form replaces, so that a service opens sessions of every kind. A run
    /// takes some milliseconds, so that images are collected in batches and cut into slices.
    /// </summary>
    /// <param name="id">Decides the weights and names the labels.</param>
    /// <param name="image">The test image.</param>
    public static StressModel Make(int id, byte[] image)
    {
        var graph = new Graph("stress");
        graph.OperatorSets[""] = 17;
        var net = new Network(graph, seed: id);
        var x = graph.Input("input", ElementType.Float, new Shape(Shape.Free, 3, Side, Side));
        x = net.Relu(net.Conv(x, Channels, kernel: 3, stride: 2, padding: 1));
        x = net.Relu(net.Conv(x, Channels, kernel: 3, padding: 1));
        graph.Output(net.Logits(net.Flatten(net.GlobalAveragePool(x)), Classes));
        string[] labels = [.. Enumerable.Range(0, Classes).Select(i => $"{id}-{i}")];
        new ModelMetadata { Labels = [.. labels], Preprocessing = Preprocessing }.WriteTo(graph);
        var file = Path.GetTempFileName();
        try
        {
            OnnxFile.Write(graph, file);
            using var classifier = Classifier.Load(file);
            using var rewritten = classifier.Open(SessionKind.OneCoreRewritten);
            _ = rewritten ?? throw new InvalidOperationException("The model has no rewritten form; expected one.");
            var answer = classifier.Classify(image, new(1 << 20, 1 << 10), Classes).OrderBy(prediction => prediction.Index);
            return new(id, File.ReadAllBytes(file), [.. answer.Select(prediction => prediction.Probability)]);
        }
        finally
        {
            File.Delete(file);
        }
    }

    /// <summary>Returns the reason why an answer to the test image is wrong; null if it is right.</summary>
    /// <param name="answer">The answer, with all classes.</param>
    /// <param name="contents">All contents of the run.</param>
    public static string? WhyWrong(JsonElement answer, IReadOnlyList<StressModel> contents)
    {
        var predictions = answer.GetProperty("predictions").EnumerateArray().ToArray();
        string[] ids = [.. predictions.Select(prediction => prediction.GetProperty("label").GetString()!.Split('-')[0]).Distinct()];
        if (ids is not [var id] || contents.FirstOrDefault(content => $"{content.Id}" == id) is not { } content)
        {
            return $"it has labels of the contents {string.Join(", ", ids)}";
        }

        var wrong = predictions.FirstOrDefault(prediction => !content.Expects(prediction));
        return wrong.ValueKind == JsonValueKind.Undefined ? null : $"it has the labels of content {id} and not its weights: {wrong}";
    }

    private bool Expects(JsonElement prediction) =>
        Math.Abs(expected[prediction.GetProperty("index").GetInt32()] - prediction.GetProperty("probability").GetDouble()) <= 1e-3;
}
