using Fovea.Models.Imaging;
using Fovea.Models.Runtime;
using Microsoft.ML;
using Microsoft.ML.Data;
using Microsoft.ML.Transforms.Image;
using Microsoft.ML.Transforms.Onnx;

namespace Fovea.Models.Tests.Runtime;

public class MlNetTests
{
    private static readonly string ModelFile = Path.Combine(AppContext.BaseDirectory, "onnx/lenet5/1/model.onnx");

    public static TheoryData<string> Samples =>
        new(Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples")).Select(path => Path.GetFileName(path)));

    [Theory, MemberData(nameof(Samples))]
    public void ML_NET_pipeline_gives_the_answers_of_the_service(string sample)
    {
        var path = Path.Combine(AppContext.BaseDirectory, "samples", sample);
        using var classifier = Classifier.Load(ModelFile);
        var tensor = new float[classifier.Input.Size];
        Preprocessor.Normalize(
            Preprocessor.Fit(ImageDecoder.Decode(File.ReadAllBytes(path), new ImageLimits()), classifier.Preprocessing),
            classifier.Preprocessing,
            tensor);
        var logits = new float[classifier.Classes];
        classifier.Run(tensor, 1, logits);

        var ml = new MLContext();
        var pipeline = ml.Transforms.ConvertToGrayscale("gray", nameof(Picture.Image))
            .Append(ml.Transforms.ExtractPixels(
                "input", "gray", ImagePixelExtractingEstimator.ColorBits.Red, scaleImage: classifier.Preprocessing.Scale))
            .Append(ml.Transforms.ApplyOnnxModel(new OnnxOptions
            {
                ModelFile = ModelFile,
                InputColumns = ["input"],
                OutputColumns = ["logits"],
                ShapeDictionary = new Dictionary<string, int[]> { ["input"] = [1, 1, 28, 28] },
            }));
        using var image = MLImage.CreateFromFile(path);
        var data = ml.Data.LoadFromEnumerable([new Picture { Image = image }]);
        var answer = pipeline.Fit(data).Transform(data).GetColumn<float[]>("logits").Single();

        Assert.Equal(10, answer.Length);
        Assert.All(logits.Zip(answer), pair => Assert.Equal(pair.First, pair.Second, 1e-3f));
        Assert.Equal(Path.GetFileNameWithoutExtension(sample), classifier.Predictions(answer, 1).Single().Label);
    }

    private sealed class Picture
    {
        [ImageType(28, 28)]
        public MLImage Image { get; set; } = null!;
    }
}
