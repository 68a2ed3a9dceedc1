using System.Globalization;
using Fovea.Models.Errors;
using Fovea.Models.Graphs;

namespace Fovea.Models.Annotations;

/// <summary>Sorts class names, finds class names that are too similar, and matches a data set's classes with a model's labels.</summary>
public static class ClassNames
{
    private const int Shown = 10;

    /// <summary>
    /// Sorts class names and removes duplicates: by value if all names are whole numbers, so that 2 comes before 10, otherwise in ordinal
    /// order.
    /// </summary>
    public static string[] Sorted(IEnumerable<string> names)
    {
        string[] distinct = [.. names.Distinct(StringComparer.Ordinal)];
        var ordered = distinct.Order(StringComparer.Ordinal);
        return distinct.All(name => Number(name) is not null) ? [.. ordered.OrderBy(name => Number(name))] : [.. ordered];
    }

    /// <summary>
    /// The reason why two class names are too similar: they differ only in case or in zeros before a number, which some file systems, and
    /// many readers, do not distinguish. <c>null</c> if no two names are too similar.
    /// </summary>
    /// <returns>A clause without a full stop.</returns>
    public static string? Clash(IEnumerable<string> names)
    {
        var all = names.ToArray();
        return all.GroupBy(name => name, StringComparer.OrdinalIgnoreCase).FirstOrDefault(same => same.Count() > 1) is { } cases
            ? $"The classes {string.Join(" and ", cases)} differ only by case; expected names that differ in more than case"
            : all.Where(name => Number(name) is not null).GroupBy(Number).FirstOrDefault(same => same.Count() > 1) is { } numbers
                ? $"The classes {string.Join(" and ", numbers)} are the same number; expected different numbers"
                : null;
    }

    /// <summary>
    /// Finds each class of a data set among a model's labels: by the same name; else by the same number, so that 007 matches 7; else by the
    /// same name in another case, if only one label matches. The positions of names in the two lists have no effect.
    /// </summary>
    /// <param name="names">The classes of the data set.</param>
    /// <param name="labels">The labels of the model, indexed by output.</param>
    /// <returns>For each class, the index of the model's output.</returns>
    /// <exception cref="FoveaException">
    /// <see cref="ErrorCode.BadDataset"/>: a class matches no label or several labels, or two classes match the same label.
    /// </exception>
    public static int[] Match(IReadOnlyList<string> names, IReadOnlyList<string> labels)
    {
        var exact = labels.Select((label, i) => (label, i)).ToLookup(pair => pair.label, pair => pair.i, StringComparer.Ordinal);
        var anyCase = labels.Select((label, i) => (label, i))
            .ToLookup(pair => pair.label, pair => pair.i, StringComparer.OrdinalIgnoreCase);
        var numbers = labels.Select((label, i) => (Number: Number(label), i)).Where(pair => pair.Number is not null)
            .ToLookup(pair => pair.Number!.Value, pair => pair.i);
        var outputs = names.Select(Output).ToArray();
        if (outputs.Zip(names).GroupBy(pair => pair.First, pair => pair.Second).FirstOrDefault(same => same.Count() > 1) is { } twice)
        {
            throw Bad(
                $"The classes {string.Join(" and ", twice)} are both the model's class {labels[twice.Key]}; expected different classes");
        }

        return outputs;

        int Output(string name)
        {
            int[] found = [.. exact[name]];
            found = found is [] && Number(name) is { } number ? [.. numbers[number]] : found;
            found = found is [] ? [.. anyCase[name]] : found;
            return found switch
            {
                [var only] => only,
                [] => throw Unknown(names.Where(one => !exact.Contains(one) && !anyCase.Contains(one)
                    && !(Number(one) is { } value && numbers.Contains(value))), labels),
                _ => throw Bad($"The class {name} matches the labels of the model's outputs {string.Join(" and ", found)}; "
                    + "expected a model with only one such label"),
            };
        }
    }

    private static FoveaException Unknown(IEnumerable<string> names, IReadOnlyList<string> labels) =>
        Bad($"The model has no class {List([.. names])}; expected some of its classes: {List(labels)}");

    private static string List(IReadOnlyList<string> names) => names.Count <= Shown
        ? string.Join(", ", names)
        : string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", names.Take(Shown))} and {names.Count - Shown:N0} more");

    private static long? Number(string name) =>
        long.TryParse(name, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) ? number : null;

    private static FoveaException Bad(string reason) => new(ErrorCode.BadDataset, $"{reason}.");
}
