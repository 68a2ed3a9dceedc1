using Fovea.Models.Graphs;
using Fovea.Models.Imaging;
using Fovea.Models.Metadata;
using Fovea.Models.Runtime;
using SkiaSharp;

namespace Fovea.Models.Tests.Explanations;

/// <summary>
/// A network whose maps are known: it averages red and blue over cells of 4x4 pixels, its feature map, and then over the image. So the map
/// of the class red is the red of each cell, and no other colour plays a part.
/// </summary>
internal static class ColorNetwork
{
    public const int Side = 32, CellSide = 4, Cells = Side / CellSide;

    /// <summary>Writes the network and loads it.</summary>
    /// <param name="folder">The folder of the file.</param>
    /// <param name="head">The layers after the mean of each colour, [N, 2], which give the logits. Default: ten times the mean.</param>
    /// <param name="batch">The batch size; -1 leaves it free.</param>
    public static Classifier Load(TemporaryFolder folder, Func<Graph, Value, Value>? head = null, int batch = Shape.Free)
    {
        var g = new Graph("colors");
        var x = g.Input("input", ElementType.Float, new Shape(batch, 3, Side, Side));
        var filters = new float[2 * 3 * CellSide * CellSide];
        filters.AsSpan(0, CellSide * CellSide).Fill(1f / (CellSide * CellSide));
        filters.AsSpan(5 * CellSide * CellSide).Fill(1f / (CellSide * CellSide));
        var w = g.Initializer("cells.weight", Tensor.Of(new Shape(2, 3, CellSide, CellSide), filters));
        var cells = g.Relu(g.Conv(x, w, window: Window.Square(CellSide, CellSide), name: "cells"), "cells/relu");
        var means = g.Flatten(g.Apply("GlobalAveragePool", [cells]));
        var ten = g.Initializer("head.weight", Tensor.Of(new Shape(2, 2), 10, 0, 0, 10));
        g.Output(head?.Invoke(g, means) ?? g.Gemm(means, ten, name: "head"));
        new ModelMetadata { Labels = ["red", "blue"], Preprocessing = new() { Resize = Side, Crop = [Side, Side] } }.WriteTo(g);
        OnnxFile.Write(g, folder["colors.onnx"]);
        return Classifier.Load(folder["colors.onnx"]);
    }

    /// <summary>A wide gray image, 128 x 64, with a red square at (64, 16) and a blue one at (40, 40), 16 pixels each.</summary>
    public static SKBitmap Picture()
    {
        var picture = new SKBitmap(128, 64);
        using var canvas = new SKCanvas(picture);
        using SKPaint red = new() { Color = SKColors.Red }, blue = new() { Color = SKColors.Blue };
        canvas.Clear(new SKColor(0, 200, 0));
        canvas.DrawRect(64, 16, 16, 16, red);
        canvas.DrawRect(40, 40, 16, 16, blue);
        return picture;
    }

    /// <summary>The picture as a PNG file.</summary>
    public static byte[] Png(SKBitmap picture)
    {
        using var data = picture.Encode(SKEncodedImageFormat.Png, 100);
        return data.ToArray();
    }

    /// <summary>The network's input for an image file.</summary>
    public static float[] Input(Classifier model, byte[] file)
    {
        var input = new float[model.Input.Size];
        Preprocessor.Normalize(Preprocessor.Fit(file, new ImageLimits(), model.Preprocessing), model.Preprocessing, input);
        return input;
    }
}
