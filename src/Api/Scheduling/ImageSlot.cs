namespace Fovea.Api.Scheduling;

/// <summary>The place of one image in a batch.</summary>
/// <param name="Batch">The batch.</param>
/// <param name="Index">The slot, from 0.</param>
internal readonly record struct ImageSlot(ImageBatch Batch, int Index)
{
    /// <summary>Writes the image. Returns a task that completes with the image's logits.</summary>
    /// <param name="fill">Writes every number of the image, [C, H, W].</param>
    /// <param name="stop">If it is cancelled before the run, the image is left out of the run.</param>
    public Task<float[]> Write(Action<Span<float>> fill, CancellationToken stop) => Batch.Write(Index, fill, stop);
}
