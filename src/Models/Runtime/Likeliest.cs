
namespace Fovea.Models.Runtime;

/// <summary>Chooses the likeliest of many classes without sorting all of them.</summary>
internal static class Likeliest
{
    /// <summary>
    /// Returns the indices of the highest probabilities, the highest first, at most <paramref name="most"/>. Equal probabilities stay in
    /// the order of their indices.
    /// </summary>
    public static int[] Of(double[] probabilities, int most)
    {
        int[] likeliest = new int[Math.Min(most, probabilities.Length)];
        int count = 0;
        for (int i = 0; i < probabilities.Length; i++)
        {
            int place = Place(probabilities, likeliest.AsSpan(0, count), probabilities[i]);
            if (place < likeliest.Length)
            {
                count = Math.Min(count + 1, likeliest.Length);
                likeliest.AsSpan(place, count - place - 1).CopyTo(likeliest.AsSpan(place + 1));
                likeliest[place] = i;
            }
        }

        return likeliest;
    }

    // The position at which a probability is inserted in a list of falling probabilities, after equal ones. A binary search.
    private static int Place(double[] probabilities, ReadOnlySpan<int> falling, double probability)
    {
        int from = 0, to = falling.Length;
        if (to > 0 && !(probability > probabilities[falling[^1]]))
        {
            return to;
        }

        while (from < to)
        {
            int middle = (from + to) / 2;
            (from, to) = probability > probabilities[falling[middle]] ? (from, middle) : (middle + 1, to);
        }

        return from;
    }
}
