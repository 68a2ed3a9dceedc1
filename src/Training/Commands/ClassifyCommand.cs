using System.CommandLine;
using System.Globalization;
using Fovea.Models;

namespace Fovea.Training;

/// <summary><c>classify</c>: what images show, a line each.</summary>
internal static class ClassifyCommand
{
    public static Command Create()
    {
        var file = Arguments.ModelFile();
        var preprocessing = Arguments.Preprocessing();
        var images = new Argument<string[]>("IMAGE") { Description = "Image files: JPEG, PNG, WebP, BMP or GIF.", Arity = ArgumentArity.OneOrMore };
        var command = new Command("classify", "Classifies images: one line for each, with the likeliest classes.") { file, images, preprocessing };
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

    // An image that cannot be read does not keep the others from being classified.
    private static bool Classify(Classifier model, string path)
    {
        try
        {
            var predictions = model.Classify(Read(path), new ImageLimits(), top: 3);
            var text = predictions.Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Label} {p.Probability * 100:F1} %"));
            Console.WriteLine($"{path}: {string.Join(", ", text)}{(model.Trained ? "" : " (untrained model)")}");
            return true;
        }
        catch (FoveaException e)
        {
            Console.Error.WriteLine($"{path}: {e.Message}");
            return false;
        }
    }

    private static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new FoveaException(ErrorCode.BadArgument, $"it cannot be read: {e.Message.TrimEnd('.')}. Expected an image file.", e);
        }
    }
}
