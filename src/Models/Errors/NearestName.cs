
namespace Fovea.Models.Errors;

/// <summary>Finds the valid name that is most similar to a misspelt name.</summary>
public static class NearestName
{
    private const int ShortestPrefix = 3;

    /// <summary>
    /// Returns the name with the smallest edit distance if at most a third of the word's letters differ (at least one letter may);
    /// otherwise a name that begins with the word, if the word has at least three letters; otherwise <c>null</c>.
    /// </summary>
    /// <param name="word">The misspelt word.</param>
    /// <param name="names">The valid names.</param>
    public static string? Of(string word, IEnumerable<string> names)
    {
        var candidates = names.Select(name => (Name: name, Distance: Distance(word, name))).OrderBy(c => c.Distance).ToArray();
        if (candidates is [var (nearest, distance), ..] && distance <= Math.Max(1, word.Length / 3))
        {
            return nearest;
        }

        return word.TrimStart('-').Length < ShortestPrefix
            ? null
            : candidates.FirstOrDefault(c => c.Name.StartsWith(word, StringComparison.OrdinalIgnoreCase)).Name;
    }

    // The smallest number of insertions, deletions, substitutions and swaps of neighbouring letters that turn a into b (optimal string
    // alignment distance).
    private static int Distance(string a, string b)
    {
        var d = new int[a.Length + 1, b.Length + 1];
        for (int i = 0; i <= a.Length; i++)
        {
            for (int j = 0; j <= b.Length; j++)
            {
                d[i, j] = (i, j) switch
                {
                    (_, 0) => i,
                    (0, _) => j,
                    _ => Math.Min(Math.Min(d[i - 1, j], d[i, j - 1]) + 1, d[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)),
                };
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    d[i, j] = Math.Min(d[i, j], d[i - 2, j - 2] + 1);
                }
            }
        }

        return d[a.Length, b.Length];
    }
}
