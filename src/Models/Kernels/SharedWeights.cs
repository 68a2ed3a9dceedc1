using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Fovea.Models.Kernels;

/// <summary>
/// The transformed weights of all kernels of the process. Kernels with equal weights share them: a model's sessions for one core and for
/// all cores have the same ones. Thread-safe.
/// </summary>
internal static unsafe class SharedWeights
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<Key, (WinogradWeights Weights, int Users)> InUse = [];

    /// <summary>Transforms weights, unless a kernel has them already. Give the result to <see cref="Return"/>.</summary>
    /// <param name="weights">The weights, [filters, channels, 3, 3].</param>
    /// <param name="filters">The number of filters, a multiple of 8.</param>
    /// <param name="channels">The number of channels.</param>
    /// <param name="reversed">Whether the weights are [channels, filters, 3, 3] and each kernel is reversed.</param>
    public static WinogradWeights Take(float* weights, int filters, int channels, bool reversed = false)
    {
        var bytes = MemoryMarshal.AsBytes(new ReadOnlySpan<float>(weights, filters * channels * 9));
        var key = new Key(Convert.ToHexString(SHA256.HashData(bytes)), filters, channels, reversed);
        lock (Gate)
        {
            var (shared, users) = InUse.TryGetValue(key, out var found) ? found : (new(weights, filters, channels, reversed), 0);
            InUse[key] = (shared, users + 1);
            return shared;
        }
    }

    /// <summary>Frees weights when their last kernel returns them.</summary>
    public static void Return(WinogradWeights weights)
    {
        lock (Gate)
        {
            var (key, (_, users)) = InUse.Single(entry => entry.Value.Weights == weights);
            if (users > 1)
            {
                InUse[key] = (weights, users - 1);
                return;
            }

            InUse.Remove(key);
            weights.Dispose();
        }
    }

    private readonly record struct Key(string Sha256, int Filters, int Channels, bool Reversed);
}
