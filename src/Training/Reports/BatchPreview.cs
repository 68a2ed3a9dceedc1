using System.Xml.Linq;
using Fovea.Models.Errors;
using Fovea.Models.Layers;
using Fovea.Training.Datasets;

namespace Fovea.Training.Reports;

/// <summary>The section of a page with some training images as the network sees them, with their random changes.</summary>
internal static class BatchPreview
{
    private const int MostImages = 16;

    /// <summary>Returns the section; null if there are no images.</summary>
    /// <param name="batch">The training images and their changes.</param>
    /// <exception cref="FoveaException">An image cannot be read any more.</exception>
    public static XElement? Of(PreviewedBatch batch)
    {
        var (train, augmentation, seed) = batch;
        int count = Math.Min(MostImages, train.Count);
        var augmenter = new Augmenter(augmentation, train.Preprocessing);
        var tensor = new float[train.Preprocessing.Shape.Size];
        return count == 0 ? null : Html.Section(
            "batch", "A batch as the network sees it",
            $"Training images of {train.Preprocessing.Crop[1]} x {train.Preprocessing.Crop[0]} pixels after the random changes of the "
            + $"augmentation \"{augmentation}\", which differ in each epoch. What the label names should still be in the picture.",
            new XElement(
                "ol",
                new XAttribute("class", "pictures"),
                Enumerable.Range(0, count).Select(i => Picture((int)((long)i * train.Count / count)))));

        XElement Picture(int index)
        {
            var random = new SeededRandom(seed, 1, index);
            augmenter.Apply(train.Image(index), ref random, tensor);
            var labels = train.LabelSets is { } sets
                ? string.Join(", ", sets[index].Select(label => train.Labels[label]))
                : train.Labels[train.Targets[index]];
            return new XElement(
                "li", new XElement(
                    "figure",
                    new XElement(
                        "img",
                        new XAttribute("src", InputThumbnail.DataUri(tensor, train.Preprocessing)),
                        new XAttribute("alt", $"{labels}, augmented")),
                    new XElement("figcaption", new XElement("b", labels))));
        }
    }
}

/// <summary>Training images, some of which are shown as the network sees them.</summary>
/// <param name="Train">The training images.</param>
/// <param name="Augmentation">The random changes to them.</param>
/// <param name="Seed">The seed of the changes.</param>
internal sealed record PreviewedBatch(Dataset Train, Augmentation Augmentation, long Seed);
