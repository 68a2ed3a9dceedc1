using BenchmarkDotNet.Attributes;
using Fovea.Models.Architectures;
using Fovea.Models.Layers;
using Fovea.Training.Optimizers;
using Fovea.Training.Steps;

namespace Fovea.Benchmarks;

/// <summary>One training step of LeNet-5, and reading the batch for it.</summary>
[MemoryDiagnoser]
public class TrainingStepBenchmark : IDisposable
{
    private TrainingStep step = null!;
    private StagedBatch batch = null!;
    private long number;

    [Params(32, 128, 512)]
    public int BatchSize { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        step = new TrainingStep(Catalog.Find("lenet5").Build(), BatchSize, Optimizer.Create("adam"));
        batch = step.NewBatch(seed: 0);
        var random = new SeededRandom(0);
        foreach (ref float pixel in batch.Images)
        {
            pixel = random.Uniform(0, 1);
        }

        for (int i = 0; i < BatchSize; i++)
        {
            batch.Targets[i * 10 + i % 10] = 1;
        }
    }

    [Benchmark]
    public (float Loss, int Correct) Step()
    {
        batch.Stage(++number);
        return step.Run(batch, learningRate: 1e-4);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        step.Dispose();
        GC.SuppressFinalize(this);
    }
}
