using Fovea.Models.Errors;

namespace Fovea.Models.Adoption;

/// <summary>Chooses the class names: from model.json or the file's own property, from the graph, or from files beside the model.</summary>
internal static class LabelChoice
{
    /// <summary>The number of names in the first source that has names; <c>null</c> if no source has names.</summary>
    public static int? Count(AdoptionDraft draft) => All(draft, draft.Classes).FirstOrDefault()?.Names.Count;

    /// <summary>Whether no source has this number of names, and neither model.json nor the file's own property gives labels.</summary>
    public static bool IsUnnamed(AdoptionDraft draft, int classes) =>
        draft.Given.Labels is null && All(draft, classes).All(labels => labels.Names.Count != classes);

    /// <summary>Sets the draft's labels from the first source with one name per class.</summary>
    /// <exception cref="FoveaException">
    /// The number of labels in model.json or the file's own property is not the number of classes.
    /// </exception>
    public static void Run(AdoptionDraft draft)
    {
        if (draft.Classes == 0)
        {
            return;
        }

        if (draft.Given.Labels is { } given && given.Length != draft.Classes)
        {
            throw AdoptionDraft.Refused($"there are {given.Length} labels for {draft.Classes} classes; expected one label per class.");
        }

        foreach (var labels in All(draft, draft.Classes))
        {
            if (labels.Names.Count == draft.Classes)
            {
                RequireAgreement(draft, labels);
                if (draft.Given.Labels is null && draft.Sidecars.LabelGap is { } unused)
                {
                    draft.Assume($"{unused}, so its names are not used.");
                }

                draft.Labels = labels;
                draft.Found("labels", $"The labels are from {labels.Source}: {Some(labels.Names)}.");
                return;
            }

            draft.Assume(
                $"The {labels.Names.Count} names in {labels.Source} are not the labels, because there are {draft.Classes} classes.");
        }

        if (NeedMissing(draft))
        {
            return;
        }

        draft.Assume($"The labels are the numbers 0 to {draft.Classes - 1}; \"labels\" in model.json names them.");
    }

    /// <summary>Adds a need, and returns true, if a file or property has names for some numbers only.</summary>
    public static bool NeedMissing(AdoptionDraft draft)
    {
        if (draft.Sidecars.LabelGap is { } gap)
        {
            draft.Need($"{gap}, or \"labels\" in model.json.");
        }

        return draft.Sidecars.LabelGap is not null;
    }

    // If two files give the classes different names, asks the user which file is right.
    private static void RequireAgreement(AdoptionDraft draft, SourcedLabels labels)
    {
        var ofFiles = OfSidecars(draft, draft.Classes).ToArray();
        var other = ofFiles.FirstOrDefault(other => ofFiles.Any(own => own.Source == labels.Source)
            && other.Names.Count == labels.Names.Count && IsOther(labels.Names, other.Names));
        if (other is not null)
        {
            draft.Need(
                $"The labels are {Some(labels.Names)} in {labels.Source} and {Some(other.Names)} in {other.Source}: \"labels\" in "
                + "model.json says which are right.");
        }
    }

    // A synset.txt and a labels.txt may write the same classes in other words, so only the same names in another order, or names that are
    // all different, contradict each other.
    private static bool IsOther(IReadOnlyList<string> names, IReadOnlyList<string> others) =>
        names.Zip(others).All(pair => !string.Equals(pair.First, pair.Second, StringComparison.OrdinalIgnoreCase))
        || (names.ToHashSet().SetEquals(others) && !names.SequenceEqual(others));

    // In order of priority. A later source is used if the earlier ones do not have one name per class.
    private static IEnumerable<SourcedLabels> All(AdoptionDraft draft, int classes) => new[]
    {
        draft.Given.Labels is { } given ? new SourcedLabels(given, draft.Given.LabelsSource ?? "model.json") : null,
        draft.LabelsInGraph,
    }.OfType<SourcedLabels>().Concat(OfSidecars(draft, classes));

    private static IEnumerable<SourcedLabels> OfSidecars(AdoptionDraft draft, int classes) =>
        new[] { draft.Sidecars.Labels }.Concat(draft.Sidecars.OtherLabels).OfType<SourcedLabels>().Select(labels => Cut(labels, classes));

    // All names may stand on one line, between commas. A name may have commas too, so only the number of parts shows it.
    private static SourcedLabels Cut(SourcedLabels labels, int classes) =>
        labels.Names is [var line] && line.Split(',', StringSplitOptions.TrimEntries) is { Length: > 1 } names && names.Length == classes
            ? labels with { Names = names }
            : labels;

    private static string Some(IReadOnlyList<string> names) =>
        string.Join(", ", names.Take(3)) + (names.Count > 3 ? FormattableString.Invariant($" and {names.Count - 3} more") : "");
}
