using BenchmarkDotNet.Attributes;
using Fovea.Models;

namespace Fovea.Benchmarks;

/// <summary>Moving one 28 x 28 image about, as the worker threads do for each image of each epoch.</summary>
public class AugmentationBenchmark
{
    private readonly float[] image = new float[28 * 28], result = new float[28 * 28];
    private SeededRandom random = new(1);

    [Benchmark]
    public float Affine()
    {
        Fovea.Training.Affine.Transform(image, new Shape(1, 28, 28), [0], ref random, result);
        return result[0];
    }
}
