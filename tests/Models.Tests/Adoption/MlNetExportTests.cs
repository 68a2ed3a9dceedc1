using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Runtime;
using Microsoft.ML;
using Microsoft.ML.Data;
using SkiaSharp;

namespace Fovea.Models.Tests.Adoption;

/// <summary>Classifiers of gray pixels that ML.NET trains and exports itself.</summary>
public sealed class MlNetExportTests
{
    private const int Side = 8;

    private static readonly string[] Labels = ["dark, very", "light", "\"striped\""];

    [Theory]
    [InlineData("maximum entropy")]
    [InlineData("L-BFGS")]
    public void Exported_pipeline_answers_as_ML_NET_does(string trainer)
    {
        using var folder = new TemporaryFolder();
        var context = new MLContext(seed: 1);
        var rows = Enumerable.Range(0, 90).Select(Draw).ToArray();
        var data = context.Data.LoadFromEnumerable(rows);
        var trainers = context.MulticlassClassification.Trainers;
        var model = context.Transforms.Conversion.MapValueToKey("Label")
            .Append<ITransformer>(trainer == "L-BFGS"
                ? trainers.LbfgsMaximumEntropy("Label", "Pixels")
                : trainers.SdcaMaximumEntropy("Label", "Pixels", maximumNumberOfIterations: 5))
            .Append(context.Transforms.Conversion.MapKeyToValue("PredictedLabel"))
            .Fit(data);
        using (var file = File.Create(folder["model.onnx"]))
        {
            context.Model.ConvertToOnnx(model, data, file);
        }

        File.WriteAllText(folder["model.json"], """{"preprocessing": {"crop": [8, 8], "color": "Gray"}}""");
        var engine = context.Model.CreatePredictionEngine<Row, Answer>(model);
        using var classifier = Classifier.Load(folder["model.onnx"], Metadata.ModelJson.Read(folder["model.json"]));
        foreach (var row in rows.Take(12))
        {
            var expected = engine.Predict(row);
            var answer = classifier.Classify(Image(row), new ImageLimits(), 3);
            Assert.Equal(expected.PredictedLabel, answer[0].Label);
            Assert.Equal(Labels.Order(StringComparer.Ordinal), answer.Select(p => p.Label).Order(StringComparer.Ordinal));
            Assert.Equal(
                expected.Score.OrderDescending(), answer.Select(p => (float)p.Probability), (a, b) => Math.Abs(a - b) < 1e-4f);
        }
    }

    private static Row Draw(int number)
    {
        var random = new SeededRandom(number);
        var pixels = new float[Side * Side];
        for (int i = 0; i < pixels.Length; i++)
        {
            float brightness = (number % 3) switch { 0 => 50, 1 => 200, _ => i / Side % 2 * 250 };
            pixels[i] = MathF.Round(Math.Clamp(brightness + random.Uniform(-40, 40), 0, 255)) / 255;
        }

        return new() { Pixels = pixels, Label = Labels[number % 3] };
    }

    private static byte[] Image(Row row)
    {
        using var bitmap = new SKBitmap(Side, Side);
        for (int i = 0; i < row.Pixels.Length; i++)
        {
            byte value = (byte)MathF.Round(row.Pixels[i] * 255);
            bitmap.SetPixel(i % Side, i / Side, new SKColor(value, value, value));
        }

        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        return png.ToArray();
    }

    private sealed class Row
    {
        [VectorType(Side * Side)]
        public float[] Pixels { get; set; } = [];

        public string Label { get; set; } = "";
    }

    private sealed class Answer
    {
        public float[] Score { get; set; } = [];

        public string PredictedLabel { get; set; } = "";
    }
}
