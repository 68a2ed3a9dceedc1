using System.Globalization;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;

namespace Fovea.Benchmarks.Serving;

/// <summary>Compares the answers of a file as it is and in its rewritten form, on parts of photos.</summary>
internal static class RewriteAgreement
{
    // The least share of a photo's sides that a part has.
    private const float LeastShare = 0.5f;

    /// <summary>Prints how often both give the same likeliest class, and how far their logits are apart.</summary>
    /// <param name="file">An .onnx file. A .json file of the same name is its model.json.</param>
    /// <param name="photos">A folder with photos, in folders or not.</param>
    /// <param name="count">The number of images. Each is a random part of a photo, every second one mirrored.</param>
    public static int Run(string file, string photos, int count)
    {
        var json = Path.ChangeExtension(file, ".json");
        using var model = Classifier.Load(file, ModelJson.Read(json));
        using var plain = model.Open(SessionKind.OneCore)!;
        using var rewritten = model.Open(SessionKind.OneCoreRewritten);
        if (rewritten is null)
        {
            Console.WriteLine($"{file} has no rewritten form.");
            return 1;
        }

        string[] files = [.. Directory.EnumerateFiles(photos, "*.jp*g", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];
        var random = new SeededRandom(1);
        using var batch = model.CreateBatch(plain, model.FixedBatch ?? 1);
        int same = 0, within = 0;
        double largest = 0;
        for (int i = 0; i < count; i++)
        {
            var photo = ImageDecoder.Decode(File.ReadAllBytes(files[i % files.Length]), new ImageLimits());
            var image = Preprocessor.Fit(photo, Part(photo, ref random), model.Preprocessing);
            Preprocessor.Normalize(i % 2 == 0 ? image : Mirrored(image), model.Preprocessing, batch.Slot(0));
            float[] expected = Logits(batch, plain), actual = Logits(batch, rewritten);
            double apart = expected.Zip(actual, (a, b) => Math.Abs(a - b)).Max() / expected.Max(Math.Abs);
            same += Array.IndexOf(expected, expected.Max()) == Array.IndexOf(actual, actual.Max()) ? 1 : 0;
            within += apart <= 1e-3 ? 1 : 0;
            largest = Math.Max(largest, apart);
        }

        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(file)}, {count} parts of {files.Length} photos: the same likeliest class for {same}, logits within 1e-3 of "
                + $"the largest for {within}, at most {largest:E1} apart"));
        return same == count && within == count ? 0 : 1;
    }

    private static float[] Logits(InferenceBatch batch, ModelSession session)
    {
        batch.Run(session, 0, 1);
        return batch.Logits(0).ToArray();
    }

    private static PixelRectangle Part(Pixels photo, ref SeededRandom random)
    {
        int width = (int)(photo.Width * random.Uniform(LeastShare, 1)), height = (int)(photo.Height * random.Uniform(LeastShare, 1));
        return new(
            (int)random.Uniform(0, photo.Width - width), (int)random.Uniform(0, photo.Height - height), width, height);
    }

    private static Pixels Mirrored(Pixels image)
    {
        byte[] values = new byte[image.Width * image.Height * image.Channels];
        for (int i = 0; i < image.Width * image.Height; i++)
        {
            int from = i + image.Width - 1 - (2 * (i % image.Width));
            image.Values.AsSpan(from * image.Channels, image.Channels).CopyTo(values.AsSpan(i * image.Channels));
        }

        return image with { Values = values };
    }
}
