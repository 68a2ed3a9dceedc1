using System.Numerics;

namespace Fovea.Models.Layers;

/// <summary>
/// A reproducible generator of random numbers: xoshiro256** (Blackman and Vigna, 2018). SplitMix64 computes its state from a seed and any
/// number of counters. The stream for (seed, epoch, image) has the same numbers on every machine, independent of other streams. Several
/// threads can therefore share the work, and a resumed training run needs no saved state of the generator.
/// </summary>
public struct SeededRandom
{
    private ulong s0, s1, s2, s3;

    /// <summary>The stream of random numbers for a seed and counters.</summary>
    public SeededRandom(long seed, params ReadOnlySpan<long> counters)
    {
        ulong state = (ulong)seed;
        foreach (long counter in counters)
        {
            state = Next(ref state) ^ (ulong)counter;
        }

        (s0, s1, s2, s3) = (Next(ref state), Next(ref state), Next(ref state), Next(ref state));
    }

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        ulong result = BitOperations.RotateLeft(s1 * 5, 7) * 9;
        ulong t = s1 << 17;
        s2 ^= s0;
        s3 ^= s1;
        s1 ^= s2;
        s0 ^= s3;
        s2 ^= t;
        s3 = BitOperations.RotateLeft(s3, 45);
        return result;
    }

    /// <summary>A uniformly distributed number in [0, 1), with 53 random bits.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A uniformly distributed number in [low, high]. It is <paramref name="high"/> only by rounding to float.</summary>
    public float Uniform(float low, float high) => (float)(low + (high - low) * NextDouble());

    /// <summary>A number from the normal distribution with mean 0 and variance 1, by Marsaglia's polar method.</summary>
    public float Normal()
    {
        double x, y, square;
        do
        {
            (x, y) = (2 * NextDouble() - 1, 2 * NextDouble() - 1);
            square = x * x + y * y;
        }
        while (square is >= 1 or 0);

        return (float)(x * Math.Sqrt(-2 * Math.Log(square) / square));
    }

    /// <summary>A uniformly distributed integer in [0, bound).</summary>
    public int Below(int bound) => (int)(NextDouble() * bound);

    /// <summary>The numbers 0 to count - 1 in random order, by the Fisher-Yates shuffle.</summary>
    public int[] Permutation(int count)
    {
        var order = Enumerable.Range(0, count).ToArray();
        for (int i = count - 1; i > 0; i--)
        {
            int j = Below(i + 1);
            (order[i], order[j]) = (order[j], order[i]);
        }

        return order;
    }

    // One step of the generator SplitMix64.
    private static ulong Next(ref ulong state)
    {
        ulong z = state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
