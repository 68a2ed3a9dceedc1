namespace Fovea.Models.Kernels;

/// <summary>A tensor [N, C, ...] of which each channel is a task: no sum then depends on the order in which threads finish.</summary>
/// <param name="Images">N.</param>
/// <param name="Channels">C.</param>
/// <param name="Plane">The number of elements of one channel of one image.</param>
internal readonly record struct BatchTensor(int Images, int Channels, int Plane)
{
    // A thread is worth its start for about this many elements.
    private const int Part = 1 << 15;

    /// <summary>The number of elements of a channel in all images.</summary>
    public long Count => (long)Images * Plane;

    /// <summary>The place of a channel of an image.</summary>
    public nint At(int image, int channel) => (((nint)image * Channels) + channel) * Plane;

    /// <summary>Calls a method for each channel, on the threads of the session.</summary>
    public void EachChannel(nint context, Action<int> work)
    {
        int channels = Channels, size = (int)Math.Clamp(Part / Math.Max(1, Count), 1, channels);
        RuntimeApi.Parallel(context, (channels + size - 1) / size, part =>
        {
            for (int channel = part * size; channel < Math.Min(channels, (part + 1) * size); channel++)
            {
                work(channel);
            }
        });
    }

    /// <summary>The sizes of an input of a node during a run.</summary>
    public static BatchTensor Of(nint tensor, int channels, int plane) =>
        new(checked((int)(RuntimeApi.Count(tensor) / ((long)channels * plane))), channels, plane);
}
