namespace Fovea.Models;

internal static class Handwriting
{
    public static Pixels Frame(Pixels gray, int width, int height) => Resizer.Resize(gray, width, height, new(0, 0, width, height));
}
