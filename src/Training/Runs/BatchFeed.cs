using Fovea.Models.Errors;
using Fovea.Training.Datasets;
using Fovea.Training.Recipes;
using Fovea.Training.Steps;

namespace Fovea.Training.Runs;

/// <summary>
/// Takes batches from the loader and stages them for training steps. On a device with its own memory, a thread stages the next batch while
/// the device runs the last one. In main memory nothing is copied to a device, so the caller's thread stages each batch when it is needed,
/// and one batch is enough.
/// </summary>
/// <param name="step">The step that runs the batches.</param>
/// <param name="loaded">The loader's batches, which this class disposes.</param>
/// <param name="options">The settings of the targets, and the seed.</param>
/// <param name="next">The number of the next step, from 1.</param>
/// <param name="last">The number of the last step; no batch after it is loaded.</param>
internal sealed class BatchFeed(TrainingStep step, IEnumerator<TrainingBatch> loaded, TrainingOptions options, long next, long last)
    : IDisposable
{
    private readonly bool ahead = !step.Memory.IsMain;
    private readonly Queue<StagedBatch> free =
        new(Enumerable.Range(0, step.Memory.IsMain ? 1 : 2).Select(_ => step.NewBatch(options.Seed)));
    private Task<StagedBatch>? staging;

    /// <summary>Returns the next staged batch. The previous batch must have run.</summary>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public StagedBatch Next()
    {
        if (!ahead)
        {
            return Stage(free.Peek(), next++);
        }

        var batch = (staging ?? Start()).GetAwaiter().GetResult();
        free.Enqueue(batch);
        staging = next <= last ? Start() : null;
        return batch;
    }

    /// <summary>Waits for the batch that is being staged, and disposes the loader's batches.</summary>
    public void Dispose()
    {
        staging?.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        loaded.Dispose();
    }

    // Waiting for the loader would block a thread of the pool, which decodes images, so this work gets its own thread.
    private Task<StagedBatch> Start()
    {
        var (batch, number) = (free.Dequeue(), next++);
        return Task.Factory.StartNew(
            () => Stage(batch, number), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private StagedBatch Stage(StagedBatch batch, long number)
    {
        loaded.MoveNext();
        loaded.Current.Images.CopyTo(batch.Images);
        TargetRows.Write(loaded.Current, options.LabelSmoothing, batch.Targets, options.ClassWeights);
        batch.Stage(number);
        return batch;
    }
}
