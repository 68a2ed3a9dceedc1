using Fovea.Models.Architectures;
using Fovea.Models.Imaging;

namespace Fovea.Training.Tests;

/// <summary>The subset of MNIST beside the tests: 5,000 training images and 1,000 test images, drawn at random.</summary>
internal static class Mnist
{
    public static string Folder { get; } = Path.Combine(AppContext.BaseDirectory, "mnist");

    public static Preprocessing Preprocessing => Catalog.Find("lenet5").Preprocessing;
}
