using BenchmarkDotNet.Attributes;
using Fovea.Models.Architectures;
using Fovea.Models.Imaging;
using Fovea.Models.Layers;
using Fovea.Training.Datasets;

namespace Fovea.Benchmarks;

/// <summary>
/// Measures the augmentation of one image, which the worker threads do for each image of each epoch: a digit, and a photo of 500 x 375
/// pixels for a network of 224 x 224.
/// </summary>
public class AugmentationBenchmark
{
    private static readonly Preprocessing Digits = Catalog.Find("lenet5").Preprocessing, Photos = Catalog.Find("resnet18").Preprocessing;

    private readonly Pixels digit = new(28, 28, 1, new byte[28 * 28]), photo = new(500, 375, 3, new byte[500 * 375 * 3]);
    private readonly float[] digitTensor = new float[28 * 28], photoTensor = new float[3 * 224 * 224];
    private readonly Augmenter digits = new(Augmentation.Digits, Digits), photos = new(Augmentation.Photos, Photos);
    private SeededRandom random = new(1);

    [Benchmark]
    public void Digit() => digits.Apply(digit, ref random, digitTensor);

    [Benchmark]
    public void Photo() => photos.Apply(photo, ref random, photoTensor);
}
