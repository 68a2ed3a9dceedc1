using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Models.Tests.Runtime;

public class ClassifierTests
{
    private static readonly string ModelFile = Path.Combine(AppContext.BaseDirectory, "onnx/lenet5/1/model.onnx");

    [Fact]
    public void Committed_lenet5_has_its_provenance()
    {
        using var model = Classifier.Load(ModelFile);
        Assert.True(model.Trained);
        Assert.Equal("lenet5", model.Metadata.Architecture);
        Assert.Equal("mnist", model.Metadata.Training!.Dataset);
        Assert.Matches("^[0-9a-f]{64}$", model.Metadata.Training.DatasetHash);
        Assert.Equal(60_000, model.Metadata.Training.Images + model.Metadata.Training.ValidationImages);
        Assert.InRange(model.Metadata.Training.Accuracy!.Value, 0.99, 1);
        Assert.InRange(new FileInfo(ModelFile).Length, 178_000, 190_000);
    }

    [Fact]
    public void Batch_gives_the_answers_of_single_runs()
    {
        using var model = Classifier.Load(ModelFile);
        int size = (int)model.Input.Size;
        var random = new SeededRandom(1);
        var images = Enumerable.Range(0, 7 * size).Select(_ => random.Uniform(0, 1)).ToArray();
        float[] together = new float[7 * 10], alone = new float[10];
        model.Run(images, 7, together);
        for (int i = 0; i < 7; i++)
        {
            model.Run(images.AsMemory(i * size, size), 1, alone);
            Assert.All(alone.Zip(together.AsSpan(i * 10, 10).ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-4f));
        }
    }

    [Fact]
    public void Sessions_of_every_kind_give_equal_answers_even_concurrently()
    {
        using var model = Classifier.Load(ModelFile);
        var random = new SeededRandom(1);
        var images = new float[8][];
        var expected = new float[8][];
        for (int i = 0; i < 8; i++)
        {
            (images[i], expected[i]) = (new float[model.Input.Size], new float[10]);
            foreach (ref float value in images[i].AsSpan())
            {
                value = random.Uniform(0, 1);
            }

            model.Run(images[i], 1, expected[i]);
        }

        using var spread = model.TakeSession();
        using var oneCore = model.Open(SessionKind.OneCore)!;
        using var rewritten = model.Open(SessionKind.OneCoreRewritten)!;
        using var batch = model.CreateBatch(spread, 8);
        for (int i = 0; i < 8; i++)
        {
            images[i].CopyTo(batch.Slot(i));
        }

        Parallel.Invoke(() => batch.Run(oneCore, 0, 3), () => batch.Run(rewritten, 3, 5));
        Check();
        batch.Run(spread, 0, 8);
        Check();
        Assert.Throws<InvalidOperationException>(() => model.Run(images[0], 1, new float[10]));

        void Check()
        {
            for (int i = 0; i < 8; i++)
            {
                Assert.Equal(expected[i], batch.Logits(i).ToArray(), (a, b) => Math.Abs(a - b) < 1e-4f);
            }
        }
    }

    [Fact]
    public void Session_on_a_replaced_file_is_refused()
    {
        using var folder = new TemporaryFolder();
        File.Copy(ModelFile, folder["model.onnx"]);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Matches("^[0-9a-f]{64}$", model.Sha256);
        model.Open(SessionKind.OneCore)!.Dispose();
        OnnxFile.Write(Catalog.Find("lenet5").Build(seed: 1), folder["other.onnx"]);
        File.WriteAllBytes(folder["model.onnx"], File.ReadAllBytes(folder["other.onnx"]));
        foreach (var kind in (SessionKind[])[SessionKind.OneCore, SessionKind.OneCoreRewritten, SessionKind.AllCores])
        {
            var error = Assert.Throws<FoveaException>(() => model.Open(kind));
            Assert.Contains("has changed since it was loaded", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Run_that_is_cancelled_stops_before_its_next_operator()
    {
        using var folder = new TemporaryFolder();
        OnnxFile.Write(Catalog.Find("resnet18").Build(classes: 10, input: new Shape(3, 64, 64)), folder["model.onnx"]);
        using var model = Classifier.Load(folder["model.onnx"]);
        using var session = model.TakeSession();
        using var batch = model.CreateBatch(session, 1);
        batch.Run(session, 0, 1);
        batch.Cancel();
        Assert.ThrowsAny<Exception>(() => batch.Run(session, 0, 1));
    }

    [Fact]
    public void Equally_likely_classes_keep_their_order()
    {
        using var model = Classifier.Load(ModelFile);
        Assert.Equal([3, 9, 0, 1], model.Predictions([1, 1, 1, 2, 1, 0, 1, 1, 1, 2], top: 4).Select(p => p.Index));
    }

    [Fact]
    public void Probabilities_are_the_softmax_of_the_logits_the_likeliest_first()
    {
        using var model = Classifier.Load(ModelFile);
        var predictions = model.Predictions([0, 1, 2, 3, 4, 5, 6, 7, 8, 50], top: 10);
        Assert.Equal([9, 8, 7, 6, 5, 4, 3, 2, 1, 0], predictions.Select(p => p.Index));
        Assert.Equal(1, predictions[0].Probability, 1e-12);
        Assert.Equal(
            2,
            model.Predictions([0, MathF.Log(3), float.NegativeInfinity, -1e30f, -1e30f, -1e30f, -1e30f, -1e30f, -1e30f, -1e30f], top: 2)
                .Count);
        Assert.Equal(0.75, model.Predictions([0, MathF.Log(3), .. Enumerable.Repeat(-1e30f, 8)], top: 1)[0].Probability, 1e-6);
    }

    [Fact]
    public void Preprocessing_that_leaves_fields_out_has_their_defaults()
    {
        using var folder = new TemporaryFolder();
        var graph = Catalog.Find("lenet5").Build();
        graph.Metadata["fovea.preprocessing"] = """{"crop":[28,28],"color":"Gray"}""";
        OnnxFile.Write(graph, folder["model.onnx"]);
        using var model = Classifier.Load(folder["model.onnx"]);
        Assert.Equal(new Preprocessing { Crop = [28, 28], Color = ColorOrder.Gray }.Scale, model.Preprocessing.Scale);
        Assert.Equal([0f], model.Preprocessing.Mean);
        Assert.Equal([1f], model.Preprocessing.Std);
    }

    [Theory]
    [InlineData("""{"crop":[28,28],"scale":0}""", "scale is 0")]
    [InlineData("""{"crop":[28]}""", "has crop [28]; expected [height, width] in pixels")]
    [InlineData("""{"crop":[28,28],"color":"CMYK"}""", "preprocessing")]
    [InlineData("""{"crop":[28,28],"color":"Gray","mean":[1,2]}""", "mean has 2 numbers")]
    [InlineData("""{"color":"Gray"}""", "preprocessing")]
    [InlineData("[]", "preprocessing")]
    [InlineData("{", "fovea.preprocessing")]
    public void Invalid_preprocessing_is_refused_with_the_reason(string json, string reason)
    {
        using var folder = new TemporaryFolder();
        var graph = Catalog.Find("lenet5").Build();
        graph.Metadata["fovea.preprocessing"] = json;
        OnnxFile.Write(graph, folder["model.onnx"]);
        var error = Assert.Throws<FoveaException>(() => Classifier.Load(folder["model.onnx"]));
        Assert.Equal(ErrorCode.BadModelFile, error.Code);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Wrong_number_of_labels_is_refused()
    {
        using var folder = new TemporaryFolder();
        var graph = Catalog.Find("lenet5").Build();
        (ModelMetadata.Read(graph.Metadata) with { Labels = ["a", "b"] }).WriteTo(graph);
        OnnxFile.Write(graph, folder["model.onnx"]);
        Assert.Contains(
            "2 labels for 10 classes",
            Assert.Throws<FoveaException>(() => Classifier.Load(folder["model.onnx"])).Message,
            StringComparison.Ordinal);
    }
}
