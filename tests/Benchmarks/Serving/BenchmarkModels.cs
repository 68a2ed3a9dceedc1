using Fovea.Models.Architectures;
using Fovea.Models.Graphs;
using Fovea.Models.Layers;
using SkiaSharp;

namespace Fovea.Benchmarks.Serving;

/// <summary>
/// Makes networks with random weights and pictures of seeded noise in a temporary folder. Speed does not depend on the weights or the
/// pictures.
/// </summary>
internal sealed class BenchmarkModels
{
    private readonly string folder = Path.Combine(Path.GetTempPath(), "fovea-benchmarks");

    /// <summary>The data folder, where the service stores measured batch sizes.</summary>
    public string Data => Path.Combine(folder, "data");

    /// <summary>Makes a model repository with only this network.</summary>
    public string Repository(string name)
    {
        var repository = Path.Combine(folder, name);
        if (!File.Exists(PathOf(name)))
        {
            OnnxFile.Write(Catalog.Find(name).Build(seed: 1), PathOf(name));
        }

        return repository;
    }

    /// <summary>
    /// Makes a model repository with a copy of this file, and of the files beside it that it needs. Returns the model's name.
    /// </summary>
    /// <param name="path">An .onnx file. A .json file of the same name becomes its model.json.</param>
    public string Add(string path)
    {
        var (name, folder) = (Path.GetFileNameWithoutExtension(path), Path.GetDirectoryName(Path.GetFullPath(path))!);
        var model = Directory.CreateDirectory(Path.GetDirectoryName(PathOf(name))!).Parent!.FullName;
        File.Copy(path, PathOf(name), overwrite: true);
        if (File.Exists(Path.ChangeExtension(path, ".json")))
        {
            File.Copy(Path.ChangeExtension(path, ".json"), Path.Combine(model, "model.json"), overwrite: true);
        }

        foreach (var labels in Directory.EnumerateFiles(folder, "*.txt"))
        {
            File.Copy(labels, Path.Combine(model, Path.GetFileName(labels)), overwrite: true);
        }

        return name;
    }

    /// <summary>Makes the file of the network.</summary>
    public string ModelFile(string name)
    {
        Repository(name);
        return PathOf(name);
    }

    /// <summary>A digit of MNIST, 28 x 28 pixels in a PNG.</summary>
    public static string Digit => Path.Combine(AppContext.BaseDirectory, "7.png");

    /// <summary>Makes a picture file of this size. The extension gives the format, jpg or png.</summary>
    public string Picture(int width, int height, string ending)
    {
        var file = Path.Combine(folder, $"{width}x{height}.{ending}");
        if (!File.Exists(file))
        {
            Directory.CreateDirectory(folder);
            using var bitmap = Noise(width, height);
            using var data = bitmap.Encode(ending == "jpg" ? SKEncodedImageFormat.Jpeg : SKEncodedImageFormat.Png, 85);
            File.WriteAllBytes(file, data.ToArray());
        }

        return file;
    }

    // Adds waves of many lengths, which give the spectrum of a photo, and a little noise.
    private static SKBitmap Noise(int width, int height)
    {
        var random = new SeededRandom(1);
        var waves = Enumerable.Range(0, 24)
            .Select(i =>
                (
                    X: random.Uniform(-1, 1) * (1 << (i / 4)),
                    Y: random.Uniform(-1, 1) * (1 << (i / 4)),
                    Phase: random.Uniform(0, 6),
                    Height: 40f / (1 << (i / 6))))
            .ToArray();
        var bitmap = new SKBitmap(width, height, SKColorType.Rgba8888, SKAlphaType.Opaque);
        byte[] pixels = new byte[width * height * 4];
        for (int y = 0; y < height; y++)
        {
            for (int x = 0; x < width; x++)
            {
                for (int c = 0; c < 3; c++)
                {
                    float value = 128 + random.Uniform(-6, 6);
                    for (int i = c; i < waves.Length; i += 3)
                    {
                        value += waves[i].Height * MathF.Sin((((x * waves[i].X) + (y * waves[i].Y)) * 6 / width) + waves[i].Phase);
                    }

                    pixels[(((y * width) + x) * 4) + c] = (byte)Math.Clamp(value, 0, 255);
                }

                pixels[(((y * width) + x) * 4) + 3] = 255;
            }
        }

        System.Runtime.InteropServices.Marshal.Copy(pixels, 0, bitmap.GetPixels(), pixels.Length);
        return bitmap;
    }

    private string PathOf(string name) => Path.Combine(folder, name, name, "1", "model.onnx");
}
