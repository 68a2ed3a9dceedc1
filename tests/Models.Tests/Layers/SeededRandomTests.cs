using Fovea.Models.Layers;

namespace Fovea.Models.Tests.Layers;

public class SeededRandomTests
{
    private const int Draws = 100_000;

    [Fact]
    public void Seed_0_gives_the_published_sequence()
    {
        // The output of the authors' C code (prng.di.unimi.it): xoshiro256** with a state that SplitMix64 computes from 0.
        var random = new SeededRandom(0);

        ulong[] expected = [0x99EC5F36CB75F2B4, 0xBF6E1F784956452A, 0x1A5F849D4933E6E0];
        Assert.Equal(expected, (ulong[])[random.NextBits(), random.NextBits(), random.NextBits()]);
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

        // The standard deviation of a count is sqrt(n p (1 - p)) = 95.
        Assert.All(counts, count => Assert.InRange(count, Draws / 10 - 500, Draws / 10 + 500));
    }

    [Fact]
    public void Permutation_has_every_number_once_and_all_positions_are_equally_likely()
    {
        var sums = new double[10];
        for (int i = 0; i < 10_000; i++)
        {
            var order = new SeededRandom(5, i).Permutation(10);
            Assert.Equal(Enumerable.Range(0, 10), order.Order());
            for (int position = 0; position < 10; position++)
            {
                sums[position] += order[position];
            }
        }

        // The expected mean at a position is 4.5, with a standard deviation of sqrt(8.25 / 10000) = 0.029.
        Assert.All(sums, sum => Assert.InRange(sum / 10_000, 4.35, 4.65));
        Assert.Empty(new SeededRandom(0).Permutation(0));
    }

    // Checks the mean 1/2 and the variance 1/12. Each may differ by five standard deviations of its estimate.
    private static void AssertUniform(double[] numbers)
    {
        double mean = numbers.Average(), variance = numbers.Average(n => (n - mean) * (n - mean));
        double meanError = 5 * Math.Sqrt(1.0 / 12 / Draws), varianceError = 5 * Math.Sqrt(1.0 / 180 / Draws);

        Assert.All(numbers, number => Assert.InRange(number, 0, 1));
        Assert.InRange(mean, 0.5 - meanError, 0.5 + meanError);
        Assert.InRange(variance, 1.0 / 12 - varianceError, 1.0 / 12 + varianceError);
    }
}
