namespace Fovea.Models.Adoption;

/// <summary>The equation of an Einsum, with a letter for every axis.</summary>
/// <param name="Terms">The axes of each operand, a letter each.</param>
/// <param name="Result">The axes of the result.</param>
internal sealed record EinsumEquation(string[] Terms, string Result)
{
    private const string Dots = "...";

    // The axes behind three dots get these letters, which no equation has. The last axis gets the last letter, because shapes are aligned
    // at their ends.
    private const string DotLetters = "0123456789";

    /// <summary>
    /// Reads an equation; <c>null</c> if it is invalid, does not fit the operands, or names an axis of one operand twice.
    /// </summary>
    /// <param name="text">The equation, such as <c>...ij,jk->...ik</c>.</param>
    /// <param name="ranks">The number of axes of each operand.</param>
    public static EinsumEquation? Parse(string text, int[] ranks)
    {
        var sides = text.Replace(" ", "", StringComparison.Ordinal).Split("->");
        var terms = sides[0].Split(',');
        bool dropsDots = sides is [var left, var right] && HasDots(left) && !HasDots(right);
        if (sides.Length > 2 || terms.Length != ranks.Length || dropsDots)
        {
            return null;
        }

        int most = 0;
        for (int i = 0; i < terms.Length; i++)
        {
            int dots = HasDots(terms[i]) ? ranks[i] - (terms[i].Length - Dots.Length) : 0;
            if (dots < 0 || dots > DotLetters.Length)
            {
                return null;
            }

            most = Math.Max(most, dots);
            terms[i] = WithLetters(terms[i], dots);
        }

        // Without an arrow, the result has the axes behind the dots, and the letters that occur once, in the order of the alphabet.
        var result = WithLetters(
            sides.Length == 2 ? sides[1]
            : Dots + new string([.. string.Concat(terms).Where(char.IsAsciiLetter).GroupBy(axis => axis)
                .Where(group => group.Count() == 1).Select(group => group.Key).Order()]),
            most);
        bool fits = terms.Zip(ranks).All(term => term.First.Length == term.Second && IsPlain(term.First))
            && IsPlain(result) && result.All(axis => terms.Any(term => term.Contains(axis)));
        return fits ? new(terms, result) : null;
    }

    private static bool HasDots(string term) => term.Contains(Dots, StringComparison.Ordinal);

    private static string WithLetters(string term, int dots) => term.Replace(Dots, DotLetters[^dots..], StringComparison.Ordinal);

    // Each axis once.
    private static bool IsPlain(string term) => term.All(char.IsAsciiLetterOrDigit) && term.Distinct().Count() == term.Length;
}
