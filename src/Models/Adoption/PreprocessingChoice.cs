using Fovea.Models.Imaging;

namespace Fovea.Models.Adoption;

/// <summary>
/// Chooses the preprocessing that turns an image into the network's input. In this order: model.json or the file's own property, a file
/// beside the model, or the graph itself.
/// </summary>
internal static class PreprocessingChoice
{
    /// <summary>Chooses the preprocessing; <c>null</c> if no source has it, and then the draft gets a need.</summary>
    /// <param name="draft">The state of the adoption; it receives the findings.</param>
    /// <param name="channels">The number of channels, 1 or 3.</param>
    /// <param name="size">The height and width that the graph fixes; <c>null</c> if the graph leaves them open.</param>
    public static Preprocessing? Of(AdoptionDraft draft, int channels, int[]? size)
    {
        var range = PixelRange.Of(draft.Graph);
        range = draft.TakesWholeNumbers ? range with { Highest = 255 } : range;
        Say(draft, range);
        size ??= range.Size;
        if (draft.Given.Preprocessing is { } given)
        {
            draft.Found("preprocessing", "The preprocessing is from model.json or the property fovea.preprocessing.");

            // The adopted input is always NCHW, so the layout says nothing about it.
            return InRange(draft, given with { Layout = null }, range, draft.Given.GivesRange);
        }

        if (draft.Sidecars.Preprocessing is { } beside && beside.For(size, channels) is { } steps)
        {
            draft.Found("preprocessing", $"The preprocessing is from {beside.Source}.");
            if (beside.Assumption is { } assumption)
            {
                draft.Assume(assumption);
            }

            return InRange(draft, steps, range, isExplicit: beside.GivesRange);
        }

        if (size is null || range.Highest is null)
        {
            draft.Need(
                size is null
                    ? "The graph leaves the size of images open: give \"preprocessing\" in model.json, as {\"crop\": [height, width]}."
                    : "Nothing says how pixels become the input's numbers: give \"preprocessing\" in model.json, with \"crop\", \"scale\", "
                    + "\"mean\" and \"std\".");
            return null;
        }

        draft.Assume(
            $"Images are RGB and are stretched to {size[0]}x{size[1]}; \"preprocessing\" in model.json may say otherwise.");
        return new()
        {
            Crop = [.. size],
            Color = channels == 1 ? ColorOrder.Gray : ColorOrder.Rgb,
            Scale = range.Highest.Value / 255f,
            Mean = [draft.PixelShift],
        };
    }

    private static void Say(AdoptionDraft draft, PixelRange range)
    {
        if (range.Highest is { } highest)
        {
            draft.Found("valueRange", draft.PixelShift > 0
                ? "The values are -128 to 127, pixels less 128, because the input's type holds signed bytes."
                : draft.TakesWholeNumbers
                ? "The values are 0 to 255, because the input's type holds whole numbers."
                : $"The values are 0 to {highest}, because the graph normalises them itself ({range.Reason}).");
        }
    }

    // Replaces a default scale of 1/255 by 1 if the graph divides by 255 itself. A scale that is given explicitly stays, unless the input
    // takes whole numbers.
    private static Preprocessing InRange(AdoptionDraft draft, Preprocessing steps, PixelRange range, bool isExplicit)
    {
        float brightest = Math.Abs(steps.Normalized(255, 0) - steps.Normalized(0, 0));
        bool isTooDark = range.Highest == 255 && brightest < 16;
        bool overflows = draft.PixelShift > 0 && steps.Normalized(255, 0) > sbyte.MaxValue;
        if ((!isTooDark && !overflows) || (isExplicit && !draft.TakesWholeNumbers))
        {
            if (isTooDark)
            {
                draft.Assume(
                    "The preprocessing scales pixels, and the graph scales them again; to let only the graph scale them, remove \"scale\", "
                    + "\"mean\" and \"std\" from model.json.");
            }

            return steps;
        }

        draft.Assume(draft.PixelShift > 0
            ? "Pixels are given as -128 to 127, without a scale, because the input takes signed bytes."
            : "Pixels are given as 0 to 255, without a scale, because the graph takes that range.");
        return steps with { Scale = 1, Mean = [draft.PixelShift], Std = [1] };
    }
}
