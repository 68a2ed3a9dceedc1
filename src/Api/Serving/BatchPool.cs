using Fovea.Models;

namespace Fovea.Api;

/// <summary>The batches of a model, made when they are first needed and then used again: one for each lane, and one that gathers. Not for several threads at once.</summary>
internal sealed class BatchPool(Classifier classifier) : IDisposable
{
    private readonly Stack<Gathering> idle = [];
    private readonly HashSet<Gathering> made = [];
    private IReadOnlyList<int> sizes = [classifier.FixedBatch ?? 1];

    /// <summary>An empty batch; null where all are in use.</summary>
    public Gathering? Take()
    {
        if (idle.TryPop(out var batch))
        {
            return batch;
        }

        if (made.Count > classifier.Lanes)
        {
            return null;
        }

        batch = new(classifier.CreateBatch(sizes));
        made.Add(batch);
        return batch;
    }

    /// <summary>Takes an empty batch back; one that was made before the last <see cref="Use"/> is freed.</summary>
    public void Return(Gathering batch)
    {
        if (made.Contains(batch))
        {
            idle.Push(batch);
        }
        else
        {
            batch.Dispose();
        }
    }

    /// <summary>Makes batches of these sizes from now on.</summary>
    public void Use(IReadOnlyList<int> newSizes)
    {
        Dispose();
        made.Clear();
        sizes = newSizes;
    }

    /// <summary>Frees those that are not in use.</summary>
    public void Dispose()
    {
        while (idle.TryPop(out var batch))
        {
            batch.Dispose();
        }
    }
}
