using System.Collections.Immutable;
using Fovea.Models.Architectures;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;
using Fovea.Models.Tests.Imaging;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using SkiaSharp;

namespace Fovea.Models.Tests.Runtime;

public sealed class MlNetPipelineTests : IDisposable
{
    private static readonly ImmutableArray<string> Labels = ["ant", "bee", "<cat>", "dog", "eel"];

    private static readonly Dictionary<string, Preprocessing> Preprocessings = new()
    {
        ["RGB, resized and cropped"] = new()
        {
            Resize = 40,
            Crop = [32, 32],
            Mean = [0.485f, 0.456f, 0.406f],
            Std = [0.229f, 0.224f, 0.225f],
        },
        ["RGB, stretched"] = new() { Crop = [32, 48], Scale = 1, Mean = [123, 117, 104] },
        ["BGR, resized and cropped"] = new()
        {
            Resize = 48,
            Crop = [32, 40],
            Color = ColorOrder.Bgr,
            Scale = 1,
            Mean = [104, 117, 123],
            Std = [58, 57, 57.5f],
        },
        ["BGR, stretched"] = new() { Crop = [40, 32], Color = ColorOrder.Bgr, Scale = 2f / 255, Mean = [1] },
        ["Gray, resized and cropped"] = new() { Resize = 32, Crop = [32, 32], Color = ColorOrder.Gray, Mean = [0.5f], Std = [0.25f] },
        ["Gray, stretched"] = new() { Crop = [28, 28], Color = ColorOrder.Gray },
        ["handwriting"] = new() { Crop = [28, 28], Color = ColorOrder.Gray, Invert = Inversion.Auto },
    };

    private readonly TemporaryFolder folder = new();

    public static TheoryData<string> Names => new(Preprocessings.Keys);

    [Theory, MemberData(nameof(Names))]
    public void Every_preprocessing_gives_the_classifiers_own_answers(string name)
    {
        var images = Draw();
        var answers = Classify(Model(Preprocessings[name]), images);
        using var classifier = Classifier.Load(folder["model.onnx"]);
        foreach (var (image, answer) in images.Zip(answers))
        {
            var expected = classifier.Classify(File.ReadAllBytes(image), new(), top: Labels.Length);
            Assert.Equal(expected[0].Label, answer.PredictedLabel);
            Assert.Equal(expected[0].Probability, answer.Probability, 1e-5);
            Assert.All(expected, p => Assert.Equal(p.Probability, answer.Score[p.Index], 1e-5));
        }

        Assert.True(answers.DistinctBy(a => a.Score[0]).Count() > 2, "the images are told apart");
    }

    [Fact]
    public void The_scores_slots_are_named_after_the_labels_and_nothing_else_is_added()
    {
        var ml = new MLContext();
        var data = ml.Data.LoadFromEnumerable([new Photo { ImagePath = Draw()[0] }]);
        var schema = ml.Transforms.ClassifyImages(Model(Preprocessings["Gray, stretched"])).Fit(data).Transform(data).Schema;
        VBuffer<ReadOnlyMemory<char>> names = default;
        schema["Score"].GetSlotNames(ref names);
        Assert.Equal(Labels, names.DenseValues().Select(n => n.ToString()));
        Assert.Equal(["ImagePath", "Score", "Probability", "PredictedLabel"], schema.Where(c => !c.IsHidden).Select(c => c.Name));
    }

    [Fact]
    public void The_path_may_be_in_any_column()
    {
        var ml = new MLContext();
        var image = Draw()[0];
        var data = ml.Data.LoadFromEnumerable([new { File = image }]);
        var pipeline = ml.Transforms.ClassifyImages(Model(Preprocessings["RGB, stretched"]), "File");
        Assert.Contains(pipeline.Fit(data).Transform(data).GetColumn<string>("PredictedLabel").Single(), Labels);
    }

    [Fact]
    public void A_file_that_ends_in_a_softmax_keeps_its_probabilities()
    {
        var preprocessing = Preprocessings["Gray, stretched"];
        var graph = Network(preprocessing);
        var softmax = new Graph("softmax");
        var values = new Dictionary<Value, Value> { [graph.Inputs[0]] = softmax.Input("input", ElementType.Float, graph.Inputs[0].Shape) };
        graph.CopyTo(softmax, values);
        softmax.Output(softmax.Apply("Softmax", [values[graph.Outputs[0]]]));
        Write(softmax, preprocessing, "softmax.onnx");
        var images = Draw();
        var plain = Classify(Model(preprocessing), images);
        Assert.All(
            Classify(folder["softmax.onnx"], images).Zip(plain),
            pair => Assert.Equal(pair.Second.Score, pair.First.Score, (a, b) => Math.Abs(a - b) < 1e-5));
    }

    [Fact]
    public void A_foreign_file_is_explained_by_the_json_file_beside_it()
    {
        var preprocessing = Preprocessings["BGR, stretched"];
        OnnxFile.Write(Network(preprocessing), folder["foreign.onnx"]);
        File.WriteAllText(
            folder["foreign.json"],
            """{"labels":["a","b","c","d","e"],"preprocessing":{"crop":[40,32],"color":"BGR","scale":0.00784313725490196,"mean":[1]}}""");
        var images = Draw();
        var expected = Classify(Model(preprocessing), images);
        Assert.All(
            Classify(folder["foreign.onnx"], images).Zip(expected),
            pair => Assert.Equal("abcde"[Labels.IndexOf(pair.Second.PredictedLabel)].ToString(), pair.First.PredictedLabel));
    }

    [Fact]
    public void A_damaged_image_fails_with_its_path_and_the_reason()
    {
        var image = Draw()[0];
        File.WriteAllBytes(image, File.ReadAllBytes(image)[..^40]);
        var error = Assert.ThrowsAny<Exception>(() => Classify(Model(Preprocessings["RGB, stretched"]), [image]));
        while (error is not FoveaException && error.InnerException is { } cause)
        {
            error = cause;
        }

        Assert.Equal(ErrorCode.DamagedImage, Assert.IsType<FoveaException>(error).Code);
        Assert.Contains(image, error.Message, StringComparison.Ordinal);
    }

    [Theory, MemberData(nameof(Names))]
    public void Bytes_and_images_in_memory_give_the_answers_of_their_files(string name)
    {
        var model = Model(Preprocessings[name]);
        var files = Draw();
        var fromPaths = Classify(model, files);
        var fromBytes = Classify(model, files.Select(file => new Bytes { Image = File.ReadAllBytes(file) }), "Image");
        Assert.Equal(fromPaths.Select(a => a.Score), fromBytes.Select(a => a.Score));

        // An MLImage has lost the orientation of turned.jpg, the colours under clear.png's transparent pixels, and large.jpg's own scale.
        string[] kept = [.. files.Where(file => Path.GetFileName(file) is "wide.png" or "tall.webp")];
        var images = kept.Select(file => new InMemory { Image = MLImage.CreateFromFile(file) }).ToArray();
        Assert.Equal(Classify(model, kept).Select(a => a.Score), Classify(model, images, "Image").Select(a => a.Score));

        // The same pixels in the other order of the channels.
        var turned = images.Select(row => new InMemory { Image = Reordered(row.Image!) });
        Assert.Equal(Classify(model, kept).Select(a => a.Score), Classify(model, turned, "Image").Select(a => a.Score));
    }

    [Fact]
    public void Prediction_engine_takes_one_image_after_the_other()
    {
        var ml = new MLContext();
        var model = Model(Preprocessings["RGB, stretched"]);
        var files = Draw();
        using var fitted = ml.Transforms.ClassifyImages(model, "Image").Fit(ml.Data.LoadFromEnumerable(Array.Empty<Bytes>()));
        using var engine = ml.Model.CreatePredictionEngine<Bytes, Answer>(fitted);
        Assert.Equal(
            Classify(model, files).Select(a => a.PredictedLabel),
            files.Select(file => engine.Predict(new() { Image = File.ReadAllBytes(file) }).PredictedLabel));
    }

    [Fact]
    public void Pipeline_goes_on_after_the_image_and_says_which_columns_it_takes()
    {
        var ml = new MLContext();
        var model = Model(Preprocessings["RGB, stretched"]);
        var data = ml.Data.LoadFromEnumerable([new Bytes { Image = File.ReadAllBytes(Draw()[0]) }]);
        var longer = ml.Transforms.ClassifyImages(model, "Image").Append(ml.Transforms.CopyColumns("Label", "PredictedLabel"));
        Assert.Contains(longer.Fit(data).Transform(data).GetColumn<string>("Label").Single(), Labels);

        var numbers = ml.Data.LoadFromEnumerable([new { Image = 1f }]);
        var refused = Assert.Throws<FoveaException>(() => ml.Transforms.ClassifyImages(model, "Image").Fit(numbers));
        Assert.Contains(
            "Image is of the type Single; expected paths as text, files as byte[], or MLImage", refused.Message, StringComparison.Ordinal);
        refused = Assert.Throws<FoveaException>(() => longer.Append(ml.Transforms.ClassifyImages(model, "Other")).Fit(data));
        Assert.Contains("There is no column Other", refused.Message, StringComparison.Ordinal);
    }

    public void Dispose() => folder.Dispose();

    private static MLImage Reordered(MLImage image)
    {
        byte[] pixels = image.Pixels.ToArray();
        for (int i = 0; i < pixels.Length; i += 4)
        {
            (pixels[i], pixels[i + 2]) = (pixels[i + 2], pixels[i]);
        }

        var other = image.PixelFormat == MLPixelFormat.Bgra32 ? MLPixelFormat.Rgba32 : MLPixelFormat.Bgra32;
        return MLImage.CreateFromPixels(image.Width, image.Height, other, pixels);
    }

    private static List<Answer> Classify<TRow>(string model, IEnumerable<TRow> rows, string column)
        where TRow : class
    {
        var ml = new MLContext();
        var data = ml.Data.LoadFromEnumerable(rows);
        using var pipeline = ml.Transforms.ClassifyImages(model, column).Fit(data);
        return [.. ml.Data.CreateEnumerable<Answer>(pipeline.Transform(data), reuseRowObject: false)];
    }

    private static List<Answer> Classify(string model, string[] images)
    {
        var ml = new MLContext();
        var data = ml.Data.LoadFromEnumerable(images.Select(path => new Photo { ImagePath = path }));
        using var pipeline = ml.Transforms.ClassifyImages(model).Fit(data);
        return [.. ml.Data.CreateEnumerable<Answer>(pipeline.Transform(data), reuseRowObject: false)];
    }

    // Images that are wide, tall, rotated by EXIF, partly transparent, gray, and so large that they are decoded at a reduced size.
    private string[] Draw()
    {
        var turned = Picture(90, 60, SKColors.Orange, SKEncodedImageFormat.Jpeg);
        (string Name, byte[] File)[] images =
        [
            ("wide.png", Picture(97, 61, SKColors.Crimson, SKEncodedImageFormat.Png)),
            ("tall.webp", Picture(50, 140, SKColors.Teal, SKEncodedImageFormat.Webp)),
            ("turned.jpg", ImageFiles.Oriented(turned, "JPEG", 6)),
            ("clear.png", Picture(64, 64, new SKColor(0, 0, 200, 90), SKEncodedImageFormat.Png)),
            ("large.jpg", Picture(1200, 900, SKColors.Gold, SKEncodedImageFormat.Jpeg)),
        ];
        foreach (var (name, file) in images)
        {
            File.WriteAllBytes(folder[name], file);
        }

        return [.. images.Select(i => folder[i.Name])];
    }

    private static byte[] Picture(int width, int height, SKColor color, SKEncodedImageFormat format)
    {
        var bitmap = new SKBitmap(width, height);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(color.WithAlpha(color.Alpha == 255 ? (byte)255 : (byte)0));
        for (int i = 0; i < 9; i++)
        {
            using var paint = new SKPaint { Color = new SKColor((byte)(i * 28), (byte)(255 - (i * 20)), (byte)(i * i * 3), color.Alpha) };
            canvas.DrawCircle(width * (i % 3 + 0.4f) / 3, height * (i / 3 + 0.6f) / 3, width / (4f + i), paint);
        }

        return ImageFiles.Encode(bitmap, format);
    }

    [Fact]
    public void Temperature_is_applied()
    {
        var images = Draw();
        var preprocessing = Preprocessings["RGB, stretched"];
        var graph = Network(preprocessing);
        new ModelMetadata { Labels = Labels, Preprocessing = preprocessing, Calibration = new(Temperature: 100) }.WriteTo(graph);
        OnnxFile.Write(graph, folder["hot.onnx"]);
        var plain = Classify(Model(preprocessing), images)[0];
        var hot = Classify(folder["hot.onnx"], images)[0];
        using var classifier = Classifier.Load(folder["hot.onnx"]);
        var expected = classifier.Classify(File.ReadAllBytes(images[0]), new(), top: Labels.Length);
        Assert.All(expected, p => Assert.Equal(p.Probability, hot.Score[p.Index], 1e-5));
        Assert.True(hot.Probability < plain.Probability - 0.05, $"{hot.Probability}, {plain.Probability}");
    }

    private string Model(Preprocessing preprocessing) => Write(Network(preprocessing), preprocessing, "model.onnx");

    private static Graph Network(Preprocessing preprocessing)
    {
        var graph = Catalog.Find("lenet5").Build(Labels.Length, preprocessing.Shape, seed: 3);
        graph.Metadata.Clear();
        return graph;
    }

    private string Write(Graph graph, Preprocessing preprocessing, string name)
    {
        new ModelMetadata { Labels = Labels, Preprocessing = preprocessing }.WriteTo(graph);
        OnnxFile.Write(graph, folder[name]);
        return folder[name];
    }

    private sealed class Photo
    {
        public string ImagePath { get; set; } = "";
    }

    private sealed class Bytes
    {
        public byte[] Image { get; set; } = [];
    }

    private sealed class InMemory
    {
        [ImageType(61, 97)]
        public MLImage? Image { get; set; }
    }

    private sealed class Answer
    {
        public float[] Score { get; set; } = [];

        public float Probability { get; set; }

        public string PredictedLabel { get; set; } = "";
    }
}
