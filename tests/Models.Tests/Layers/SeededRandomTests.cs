using Xunit;

namespace Fovea.Models.Tests;

public class SeededRandomTests
{
    private const int Draws = 100_000;

    [Fact]
    public void Seed_0_gives_the_published_sequence()
    {
        // xoshiro256** with its state filled by SplitMix64 from 0, as in the authors' C code (prng.di.unimi.it).
        var random = new SeededRandom(0);

        Assert.Equal((ulong[])[0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0], (ulong[])[random.NextBits(), random.NextBits(), random.NextBits()]);
    }

    [Fact]
    public void Streams_of_other_seeds_and_counters_differ()
    {
        var firsts = from seed in Enumerable.Range(-20, 40)
                     from epoch in Enumerable.Range(0, 20)
                     from image in Enumerable.Range(0, 20)
                     select new SeededRandom(seed, epoch, image).NextBits();

        Assert.Equal(40 * 20 * 20, firsts.Distinct().Count());
        Assert.NotEqual(new SeededRandom(1).NextBits(), new SeededRandom(1, 0).NextBits());
        Assert.NotEqual(new SeededRandom(1, 2, 3).NextBits(), new SeededRandom(1, 3, 2).NextBits());
        Assert.Equal(new SeededRandom(1, 2, 3).NextBits(), new SeededRandom(1, 2, 3).NextBits());
    }

    [Fact]
    public void First_numbers_of_neighbouring_streams_are_uniform()
    {
        var firsts = Enumerable.Range(0, Draws).Select(counter => new SeededRandom(0, counter).NextDouble()).ToArray();

        AssertUniform(firsts);
    }

    [Fact]
    public void Numbers_are_uniform()
    {
        var random = new SeededRandom(3);
        var numbers = new double[Draws];
        for (int i = 0; i < Draws; i++)
        {
            numbers[i] = (random.Uniform(-3, 5) + 3) / 8;
        }

        AssertUniform(numbers);
    }

    [Fact]
    public void Integers_below_a_bound_are_equally_frequent()
    {
        var random = new SeededRandom(4);
        var counts = new int[10];
        for (int i = 0; i < Draws; i++)
        {
            counts[random.Below(10)]++;
        }

        // A standard deviation is sqrt(n p (1 - p)) = 95.
        Assert.All(counts, count => Assert.InRange(count, Draws / 10 - 500, Draws / 10 + 500));
    }

    [Fact]
    public void Permutation_holds_every_number_once_and_each_place_is_as_likely()
    {
        var sums = new double[10];
        for (int i = 0; i < 10_000; i++)
        {
            var order = new SeededRandom(5, i).Permutation(10);
            Assert.Equal(Enumerable.Range(0, 10), order.Order());
            for (int place = 0; place < 10; place++)
            {
                sums[place] += order[place];
            }
        }

        // The mean of a place is 4.5, its deviation sqrt(8.25 / 10000) = 0.029.
        Assert.All(sums, sum => Assert.InRange(sum / 10_000, 4.35, 4.65));
        Assert.Empty(new SeededRandom(0).Permutation(0));
    }

    // Mean 1/2 and variance 1/12, each within five deviations of an estimate from that many numbers.
    private static void AssertUniform(double[] numbers)
    {
        double mean = numbers.Average();

        Assert.All(numbers, number => Assert.InRange(number, 0, 1));
        Assert.InRange(mean, 0.5 - 5 * Math.Sqrt(1.0 / 12 / Draws), 0.5 + 5 * Math.Sqrt(1.0 / 12 / Draws));
        Assert.InRange(numbers.Average(n => (n - mean) * (n - mean)), 1.0 / 12 - 5 * Math.Sqrt(1.0 / 180 / Draws), 1.0 / 12 + 5 * Math.Sqrt(1.0 / 180 / Draws));
    }
}
