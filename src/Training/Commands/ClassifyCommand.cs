using System.CommandLine;
using System.Globalization;
using Fovea.Models;

namespace Fovea.Training;

/// <summary>The <c>classify</c> command: prints the likeliest classes of images.</summary>
internal static class ClassifyCommand
{
    public static Command Create()
    {
        var file = Arguments.ModelFile();
        var preprocessing = Arguments.Preprocessing();
        var images = new Argument<string[]>("IMAGE")
        {
            Description = "Image files: JPEG, PNG, WebP, BMP or GIF.",
            Arity = ArgumentArity.OneOrMore,
        };
        var command = new Command("classify", "Classifies images. Prints one line for each image, with its three likeliest classes.")
        {
            file, images, preprocessing,
        };
        command.SetAction(parsed =>
        {
            using var model = Arguments.Load(parsed.GetRequiredValue(file), parsed.GetValue(preprocessing));
            bool allRead = true;
            foreach (var image in parsed.GetRequiredValue(images))
            {
                allRead &= Classify(model, image);
            }

            return allRead ? 0 : 1;
        });
        return command;
    }

    // Prints a line and returns true; prints the error and returns false if the image cannot be read, so that the other images are still
    // classified.
    private static bool Classify(Classifier model, string path)
    {
        try
        {
            var predictions = model.Classify(File.ReadAllBytes(path), new ImageLimits(), top: 3);
            var text = predictions.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Label} {p.Probability * 100:F1} %"));
            Console.WriteLine($"{path}: {string.Join(", ", text)}{(model.Trained ? "" : " (untrained model)")}");
            return true;
        }
        catch (FoveaException e)
        {
            Console.Error.WriteLine($"{path}: {e.Message}");
            return false;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"{path} {FileErrors.Predicate(path, e)}; expected an image file.");
            return false;
        }
    }
}
